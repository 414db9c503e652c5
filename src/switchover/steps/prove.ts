import { errorCounts } from '../error-counts.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';
import { insistPollMs, messageOf } from './insist.js';
import type { Step } from './step.js';

/** Roles, history, offsets, and that nobody needed a full copy. */
export const prove: Step = {
  name: 'prove',
  phase: 'follow-up',
  async run(run) {
    const followers = [run.from, ...run.others];
    const deadline = run.clock.now() + run.limits.proofTimeoutMs;
    for (;;) {
      const missing = await firstMissing(run, followers).catch((error) => reconnect(run, error));
      if (missing === undefined) break;
      if (run.clock.now() >= deadline) throw new Error(missing);
      await run.delay(insistPollMs);
    }
    await compareSyncs(run, followers);
    await compareErrors(run);
    await run.sessions.hearOut();
  },
};

async function firstMissing(run: SwitchRun, followers: readonly SwitchNode[]): Promise<string | undefined> {
  const to = await run.to.role();
  if (to.role !== 'primary') return `${run.to.name} is not a primary`;
  const replication = await run.to.info('replication');
  for (const node of followers) {
    const { role, following, offset } = await node.role();
    if (role !== 'replica') return `${node.name} is not a replica`;
    if (following?.port !== run.target.port) return `${node.name} follows ${following?.host}:${following?.port}`;
    if (!following.connected) return `${node.name} is not connected to ${run.to.name}`;
    if (offset < to.offset) return `${node.name} is ${to.offset - offset} bytes behind`;
  }
  const online = [...replication.values()].filter((value) => value.includes('state=online')).length;
  if (online < followers.length) return `${run.to.name} has ${online} replicas online`;
  return historyMissing(run, replication);
}

/** The new primary's history must be the old one's, continued. */
function historyMissing(run: SwitchRun, replication: ReadonlyMap<string, string>): string | undefined {
  const before = run.facts.get(run.from)?.replid ?? '';
  const after = replication.get('master_replid') ?? '';
  run.term = { before, after };
  const parent = replication.get('master_replid2');
  if (before === '' || parent === undefined || parent === before) return undefined;
  return `${run.to.name} does not continue the history of ${run.from.name}`;
}

async function compareSyncs(run: SwitchRun, followers: readonly SwitchNode[]): Promise<void> {
  const before = run.syncsBefore;
  if (before === undefined) return;
  const { full, partial } = await run.syncs();
  const resync = full === before.full && partial >= before.partial + followers.length ? 'partial' : 'full';
  run.resync = resync;
  for (const node of run.others) run.otherResyncs.push({ node: node.name, resync });
}

async function compareErrors(run: SwitchRun): Promise<void> {
  for (const node of [run.from, run.to]) {
    const before = run.facts.get(node)?.errors;
    if (before !== undefined) run.counters.push({ node: node.name, before, after: await errorCounts(node) });
  }
}

/** A connection that was lost meanwhile must not decide the proof. Resolves with what is the matter. */
async function reconnect(run: SwitchRun, error: unknown): Promise<string> {
  await Promise.all(run.nodes.filter((node) => !node.connected).map((node) => node.connect().catch(() => {})));
  return messageOf(error);
}
