import { SwitchError } from './switch-error.js';
import { SwitchNode } from './switch-node.js';
import type { StepName } from './switch-report.js';
import type { SwitchRun } from './switch-run.js';

/**
 * What a failure of the step means. `untouched`: nothing was ordered yet. `undoable`: unpausing undoes it.
 * `decisive`: there is no way back and no going on. `follow-up`: the rest is done all the same.
 */
export type Phase = 'untouched' | 'undoable' | 'decisive' | 'follow-up';

export interface Step {
  readonly name: StepName;
  readonly phase: Phase;
  run(run: SwitchRun): Promise<void>;
}

const pollMs = 5;
/** The pause must last this much longer, at the least, when the promotion is ordered. */
const pauseReserveMs = 1_000;

/** The order is that of facts measured on real servers; no crash between two steps leaves two nodes open for writes. */
export const steps: readonly Step[] = [
  { name: 'connect', phase: 'untouched', run: connect },
  { name: 'check', phase: 'untouched', run: check },
  { name: 'fence', phase: 'undoable', run: fence },
  { name: 'catch-up', phase: 'undoable', run: catchUp },
  { name: 'promote', phase: 'undoable', run: promote },
  { name: 'demote', phase: 'decisive', run: demote },
  { name: 'release', phase: 'follow-up', run: release },
  { name: 're-point', phase: 'follow-up', run: rePoint },
  { name: 'prove', phase: 'follow-up', run: prove },
];

async function connect(run: SwitchRun): Promise<void> {
  await Promise.all(run.nodes.map((node) => node.connect()));
}

/** Same replication history and a running stream: more than that the fence and the offsets will show. */
async function check(run: SwitchRun): Promise<void> {
  const [primary, ...replicas] = await Promise.all(
    run.nodes.map(async (node) => ({
      node,
      mode: await node.info('server').then((server) => server.get('redis_mode') ?? server.get('server_mode')),
      replication: await node.info('replication'),
    })),
  );
  const { node, replication } = primary!;
  const replid = replication.get('master_replid');
  if (replication.get('role') !== 'master') throw new Error(`${node.name} is not a primary`);
  const failover = replication.get('master_failover_state') ?? 'no-failover';
  if (failover !== 'no-failover') throw new Error(`${node.name} is in a failover (${failover})`);
  for (const replica of replicas) {
    const { name } = replica.node;
    if (replica.replication.get('role') !== 'slave') throw new Error(`${name} is not a replica`);
    if (replica.replication.get('master_link_status') !== 'up') throw new Error(`${name}: its link is down`);
    if (replica.replication.get('master_replid') !== replid) throw new Error(`${name} does not follow ${node.name}`);
  }
  const odd = [primary!, ...replicas].find(({ mode }) => mode !== undefined && mode !== 'standalone');
  if (odd !== undefined) throw new Error(`${odd.node.name} is in ${odd.mode} mode`);
  run.syncsBefore = await run.syncs();
}

/** May be repeated: the later end counts. */
async function fence(run: SwitchRun): Promise<void> {
  const orderedAt = run.clock.now();
  run.fencedAt ??= orderedAt;
  await run.from.ask('CLIENT', 'PAUSE', run.limits.pauseTimeoutMs, 'WRITE');
  run.pausedUntil = orderedAt + run.limits.pauseTimeoutMs;
}

/**
 * Compares both offsets until they are equal. No sleep: one comparison is a round trip, and every client waits for this.
 * The link's state does not count: after a full sync it is up before the stream runs. Nor does an offset that was equal
 * earlier, because a paused primary still sends a PING now and then; so the promotion follows the comparison at once.
 */
async function catchUp(run: SwitchRun): Promise<void> {
  const deadline = run.clock.now() + run.limits.catchUpTimeoutMs;
  for (;;) {
    const [from, to] = await Promise.all([run.from.role(), run.to.role()]);
    if (from.role !== 'primary') throw new Error(`${run.from.name} is no longer a primary`);
    if (to.role !== 'replica') throw new Error(`${run.to.name} is no longer a replica`);
    if (to.following?.connected === true && to.offset === from.offset) {
      run.offset = from.offset;
      return;
    }
    if (run.clock.now() >= deadline) {
      const lag = to.following?.connected === true ? `${from.offset - to.offset} bytes behind` : 'not connected';
      throw new Error(`${run.to.name} is ${lag} after ${run.limits.catchUpTimeoutMs} ms`);
    }
  }
}

async function promote(run: SwitchRun): Promise<void> {
  const reserveMs = Math.min(pauseReserveMs, run.limits.pauseTimeoutMs / 2);
  if (run.pauseLeftMs < reserveMs) throw new Error(`the pause of ${run.from.name} might end before the switch does`);
  try {
    await run.to.ask('REPLICAOF', 'NO', 'ONE');
  } catch (error) {
    if (SwitchNode.refused(error)) throw error;
    await settlePromotion(run, error);
  }
  run.promotedAt = run.clock.now();
}

/**
 * The answer to the promotion did not come. Resolves when B has been promoted, rejects when it cannot be any more. As long
 * as that is open, A must not be: its pause is prolonged.
 */
async function settlePromotion(run: SwitchRun, lost: unknown): Promise<void> {
  const deadline = run.clock.now() + run.limits.finishTimeoutMs;
  for (;;) {
    try {
      if (run.pauseLeftMs < run.limits.pauseTimeoutMs / 2) await fence(run).catch(() => run.from.connect());
      await run.to.connect(); // from here on the lost order cannot be executed any more
      if ((await run.to.role()).role === 'primary') return;
    } catch (error) {
      if (run.clock.now() < deadline) {
        await run.delay(pollMs);
        continue;
      }
      const reason = `${run.to.name} may or may not have been promoted (${messageOf(lost)}), and cannot be asked`;
      throw new SwitchError('SEGUE_SWITCH_UNKNOWN', `${reason}: ${messageOf(error)}`, undefined, error);
    }
    throw lost;
  }
}

async function demote(run: SwitchRun): Promise<void> {
  if (run.pauseLeftMs === 0) await checkUnwritten(run);
  await insist(run, run.from, ['REPLICAOF', run.to.host, run.to.port]);
}

/** The pause is over although A is not demoted yet: what A has taken since then would be thrown away. */
async function checkUnwritten(run: SwitchRun): Promise<void> {
  const { offset } = await run.from.role();
  if (offset === run.offset) return;
  const reason = `${run.from.name} was open for writes for a while after ${run.to.name} had been promoted`;
  throw new SwitchError('SEGUE_SWITCH_UNKNOWN', reason);
}

async function release(run: SwitchRun): Promise<void> {
  await insist(run, run.from, ['CLIENT', 'UNPAUSE']);
  run.releasedAt = run.clock.now();
}

async function rePoint(run: SwitchRun): Promise<void> {
  await Promise.all(run.others.map((node) => insist(run, node, ['REPLICAOF', run.to.host, run.to.port])));
}

/** Repeats an order over new connections until it is answered. All orders given so may be executed twice. */
export async function insist(
  run: SwitchRun,
  node: SwitchNode,
  order: readonly (string | number)[],
  timeoutMs = run.limits.finishTimeoutMs,
): Promise<void> {
  const deadline = run.clock.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      if (!isFirst) await node.connect();
      await node.ask(...order);
      return;
    } catch (error) {
      // Loading ends by itself; every other refusal would be repeated.
      const final = SwitchNode.refused(error) && !/^(LOADING|BUSY)/.test(error.message);
      if (final || run.clock.now() >= deadline) throw new Error(`${node.name}: ${messageOf(error)}`, { cause: error });
      await run.delay(pollMs);
    }
  }
}

async function prove(run: SwitchRun): Promise<void> {
  const deadline = run.clock.now() + run.limits.proofTimeoutMs;
  const followers = [run.from, ...run.others];
  let missing: string | undefined = 'nobody was asked';
  while (missing !== undefined) {
    missing = await firstMissing(run, followers).catch(messageOf);
    if (missing === undefined) break;
    if (run.clock.now() >= deadline) throw new Error(missing);
    await run.delay(pollMs);
  }
  const { full, partial } = await run.syncs();
  const before = run.syncsBefore!;
  const resync = full === before.full && partial >= before.partial + followers.length ? 'partial' : 'full';
  run.resync = resync;
  for (const node of run.others) run.otherResyncs.push({ node: node.name, resync });
}

async function firstMissing(run: SwitchRun, followers: readonly SwitchNode[]): Promise<string | undefined> {
  const to = await run.to.role();
  if (to.role !== 'primary') return `${run.to.name} is not a primary`;
  const online = [...(await run.to.info('replication')).values()].filter((value) => value.includes('state=online'));
  for (const node of followers) {
    const { role, following } = await node.role();
    if (role !== 'replica') return `${node.name} is not a replica`;
    if (following?.port !== run.to.port) return `${node.name} follows ${following?.host}:${following?.port}`;
    if (!following.connected) return `${node.name} is not connected to ${run.to.name}`;
  }
  return online.length >= followers.length ? undefined : `${run.to.name} has ${online.length} replicas online`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
