import { ReplyError } from '../../resp/index.js';
import { UpgradeError } from './upgrade-error.js';
import type { Ask, NodeLook, UpgradeNode } from './upgrade-node.js';
import type { UpgradeRun } from './upgrade-run.js';

/** A save point that no server ever reaches; that there is one makes every orderly shutdown save. */
const savePointNeverReached = '2000000000 2000000000';

/**
 * Before a replica is restarted: it must come back as a replica of the same primary, and should come back with its data and
 * its place in the stream, so that it needs only what it has missed.
 */
export async function persist(run: UpgradeRun, node: UpgradeNode, before: NodeLook, ask: Ask): Promise<void> {
  await persistRole(run, node, ask);
  if (before.persistence.aofEnabled) {
    run.warn(`${node.name} has an append-only file: after its restart it takes a full copy`);
  } else if (run.options.saveAtShutdown ?? true) {
    await saveAtShutdown(run, node, before, ask);
  }
}

/** A node that comes back as what it was long ago would be a second primary. */
async function persistRole(run: UpgradeRun, node: UpgradeNode, ask: Ask): Promise<void> {
  try {
    await ask('CONFIG', 'REWRITE');
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    if (run.options.restartSetsRole === true) return;
    throw new UpgradeError('SEGUE_UPGRADE_GIVEN_UP', unpersisted(node.name, error.message), error);
  }
}

export function unpersisted(node: string, reason: string): string {
  return [
    `${node} cannot write down whom it follows (${reason}), so it would come back as a second primary;`,
    'give the restart command {primary-host} and {primary-port}, or start the servers with a configuration file',
    'that they may write',
  ].join(' ');
}

/**
 * The order comes after CONFIG REWRITE, so that it is forgotten with the process. It covers SIGTERM (systemd, docker stop) as
 * well as SHUTDOWN. Where the server does not take it, a snapshot of now is better than none.
 */
async function saveAtShutdown(run: UpgradeRun, node: UpgradeNode, before: NodeLook, ask: Ask): Promise<void> {
  const reply = await ask('CONFIG', 'GET', 'save').catch(refusal);
  if (Array.isArray(reply) && reply[1] !== '' && reply[1] !== undefined) return;
  const refused = await ask('CONFIG', 'SET', 'save', savePointNeverReached).then(() => undefined, refusal);
  if (refused === undefined) return;
  run.warn(`${node.name} does not save when it is shut down (${refused.message}): a snapshot is taken before`);
  await snapshot(run, before, ask);
}

async function snapshot(run: UpgradeRun, before: NodeLook, ask: Ask): Promise<void> {
  if (before.persistence.bgsaveRunning) return;
  await ask('BGSAVE').catch(refusal);
  await run.until(run.limits.restartTimeoutMs, async () => {
    const info = String(await ask('INFO', 'persistence'));
    return info.includes('rdb_bgsave_in_progress:1') ? 'the snapshot is not finished' : undefined;
  });
}

function refusal(error: unknown): ReplyError {
  if (error instanceof ReplyError) return error;
  throw error;
}
