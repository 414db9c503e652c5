import { persist } from './persist.js';
import type { RestartRequest } from './restart-command.js';
import { canCopy, isVersion, parseVersion, type ServerVersion, sameVersion, versionText } from './server-version.js';
import type { RestartMemory } from './stage.js';
import { UpgradeError } from './upgrade-error.js';
import type { NodeLook, UpgradeNode } from './upgrade-node.js';
import type { NodeUpgrade } from './upgrade-report.js';
import type { UpgradeRun } from './upgrade-run.js';

/** What must be on the disk when. */
export interface RestartNotes {
  /** Before the command is run. */
  begun(memory: RestartMemory): Promise<void>;
  /** After it has ended, well or not. */
  ended(): Promise<void>;
}

/** How long to wait for the effect of a command that nobody knows to have ended, before it is run again. */
const oldCommandMs = 10_000;

/**
 * Restarts a replica by the user's command and waits until it is a new process, follows the primary and has all that the
 * primary has. `memory` is what an earlier attempt wrote down.
 */
export async function restartNode(
  run: UpgradeRun,
  node: UpgradeNode,
  memory: RestartMemory | undefined,
  notes: RestartNotes,
): Promise<NodeUpgrade> {
  const syncsBefore = (await run.primary.look()).counters;
  const startedAt = run.clock.now();
  const isDone = memory !== undefined && (await hasWorked(run, node, memory));
  const begun = isDone ? memory : await restart(run, node, memory, notes);
  const commandMs = isDone ? 0 : run.clock.now() - startedAt;
  const after = await returned(run, node, begun.runId);
  const awayMs = run.clock.now() - startedAt;
  await followed(run, node, after);
  await inStep(run, node, after.version);
  checkVersion(run, node, begun.before, after.version);
  const syncs = (await run.primary.look()).counters;
  const isPartial = syncs.fullSyncs === syncsBefore.fullSyncs && syncs.partialSyncs > syncsBefore.partialSyncs;
  return {
    node: node.name,
    before: versionText(begun.before),
    after: versionText(after.version),
    resync: isDone ? undefined : isPartial ? 'partial' : 'full',
    commandMs,
    awayMs,
    syncMs: run.clock.now() - startedAt - awayMs,
  };
}

/** Whether an earlier attempt has restarted the node as what it is to be; its command may need some more time for that. */
async function hasWorked(run: UpgradeRun, node: UpgradeNode, memory: RestartMemory): Promise<boolean> {
  let now: NodeLook | undefined;
  try {
    await run.until(memory.hasEnded ? 0 : oldCommandMs, async () => {
      now = await node.look();
      return now.server.runId === memory.runId ? 'the same process' : undefined;
    });
  } catch {
    run.checkInterrupted();
    return false;
  }
  return now !== undefined && isExpected(run, now.version);
}

async function restart(
  run: UpgradeRun,
  node: UpgradeNode,
  memory: RestartMemory | undefined,
  notes: RestartNotes,
): Promise<RestartMemory> {
  // After an attempt that failed it may be down, and then there is nothing to prepare.
  const now = await node.look().catch((error: unknown) => {
    if (memory === undefined) throw error;
  });
  if (now !== undefined) await prepare(run, node, now);
  run.checkInterrupted();
  const begun = {
    runId: now?.server.runId ?? memory!.runId,
    before: memory?.before ?? now!.version,
    hasEnded: false,
  };
  await notes.begun(begun);
  try {
    await carryOut(run, node);
  } finally {
    await notes.ended();
  }
  return begun;
}

async function prepare(run: UpgradeRun, node: UpgradeNode, now: NodeLook): Promise<void> {
  if (now.replication.role !== 'replica') {
    throw new UpgradeError('SEGUE_UPGRADE_GIVEN_UP', `${node.name} is a primary, and only replicas are restarted`);
  }
  await inStep(run, node, now.version);
  await node.visit((ask) => persist(run, node, now, ask));
}

async function carryOut(run: UpgradeRun, node: UpgradeNode): Promise<void> {
  const { host, port } = run.primary;
  const request: RestartRequest = {
    host: node.host,
    port: node.port,
    role: node.name === run.plan.primary ? 'primary' : 'replica',
    primary: { host, port },
  };
  const tooLong = new AbortController();
  const limitMs = run.limits.restartTimeoutMs;
  const timer = run.clock.setTimer(limitMs, () => {
    tooLong.abort(new Error(`the restart command of ${node.name} took longer than ${limitMs / 1000} s`));
  });
  try {
    await run.options.restart(request, AbortSignal.any([run.signal, tooLong.signal]));
  } catch (error) {
    run.checkInterrupted();
    throw error;
  } finally {
    run.clock.clearTimer(timer);
  }
}

/** The command may end before the server does, or is up again: what counts is another process that has loaded its data. */
async function returned(run: UpgradeRun, node: UpgradeNode, oldRunId: string): Promise<NodeLook> {
  let look: NodeLook | undefined;
  await run.until(run.limits.restartTimeoutMs, async () => {
    look = await node.look();
    if (look.server.runId === oldRunId) return `${node.name} is still the same process: it was not restarted`;
    if (look.persistence.loading !== undefined) return `${node.name} is loading its data`;
    return undefined;
  });
  return look!;
}

/** A node that came back on its own, or after somebody else, is put right at once: until then it may take writes. */
async function followed(run: UpgradeRun, node: UpgradeNode, { replication }: NodeLook): Promise<void> {
  const { host, port } = run.primary;
  if (replication.role === 'replica' && replication.link?.port === port) return;
  const found = replication.role === 'replica' ? `a replica of ${replication.link?.primary}` : 'a primary';
  run.warn(`${node.name} came back as ${found} and was told to follow ${run.primary.name}`);
  await node.visit(async (ask) => {
    await ask('REPLICAOF', host, port);
    await ask('CONFIG', 'REWRITE').catch(() => {}); // said above, if it was needed
  });
}

/**
 * Link up and online are not enough: after a full copy the stream begins only with the replica's next acknowledgement. So it
 * must be online, and then have what the primary had at that moment.
 */
export async function inStep(run: UpgradeRun, node: UpgradeNode, version: ServerVersion): Promise<void> {
  const { primary } = run;
  let target: number | undefined;
  try {
    await run.until(run.limits.syncTimeoutMs, async () => {
      const { replication } = await node.look();
      if (replication.role !== 'replica') return `${node.name} is not a replica`;
      if (replication.link?.up !== true) return `${node.name} is not connected to ${primary.name}`;
      target ??= await offsetWithAllOnline(run);
      if (target === undefined) return `${primary.name} does not have all its replicas online`;
      const behind = target - replication.offset;
      return behind > 0 ? `${node.name} is ${behind} bytes behind ${primary.name}` : undefined;
    });
  } catch (error) {
    if (error instanceof UpgradeError) throw error;
    const source = await primary.look().catch(() => undefined);
    if (source === undefined || canCopy(source.version, version)) throw error;
    const pair = `${versionText(version)} cannot take a copy from ${versionText(source.version)}`;
    throw new Error(`${(error as Error).message}: ${pair}`, { cause: error });
  }
}

async function offsetWithAllOnline(run: UpgradeRun): Promise<number | undefined> {
  const { replicas, offset } = (await run.primary.look()).replication;
  const online = replicas.filter(({ state }) => state === 'online').length;
  return online >= run.replicas.length ? offset : undefined;
}

function checkVersion(run: UpgradeRun, node: UpgradeNode, before: ServerVersion, after: ServerVersion): void {
  if (!isExpected(run, after)) {
    throw new Error(`${node.name} came back as ${versionText(after)}, not as ${run.plan.expect}`);
  }
  if (run.plan.expect !== undefined || !sameVersion(before, after)) return;
  run.warn(`${node.name} came back as the version that it was: ${versionText(after)}`);
}

/** Whether a node of this version is one that the upgrade was to make; any, when nothing was said. */
export function isExpected({ plan: { expect } }: UpgradeRun, version: ServerVersion): boolean {
  return expect === undefined || isVersion(version, parseVersion(expect, version.family)!);
}
