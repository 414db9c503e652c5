import type { NodeState, PrimaryView, WatchState } from './watch-state.js';
import { isSilent } from './watch-verdict.js';

/** Which replicas will do to read from. */
export interface ReplicaWish {
  /** They have all that the primary had so long ago. */
  readonly lagMaxMs: number;
  /** And all that it had at this time (clock time, milliseconds), and a little more. */
  readonly freshMs?: number | undefined;
}

/** Replicas that answer, are loaded and linked, and in sync as far as is wished. None before a primary was known. */
export function replicasFor(state: WatchState, wish: ReplicaWish, nowMs: number): PrimaryView[] {
  const { reign } = state.lineage;
  if (reign === undefined) return [];
  const views: PrimaryView[] = [];
  for (const node of state.nodes.values()) {
    if (node.key === reign.node && node.report?.role !== 'replica') continue;
    if (node.link.kind !== 'up' || whyUnfit(state, node, wish, nowMs) !== undefined) continue;
    const { key, address, link } = node;
    const process = link.identity.runId;
    views.push({ node: key, address, term: reign.term, since: link.sinceMs, process, replica: true });
  }
  return views;
}

/** Undefined: it is fit. */
export function whyUnfit(state: WatchState, node: NodeState, wish: ReplicaWish, nowMs: number): string | undefined {
  const { report, freshMs } = node;
  if (!answers(node, nowMs)) return 'it does not answer';
  if (report?.role !== 'replica') return 'it is no replica';
  if (report.loading) return 'it is loading its data';
  if (!isRelated(state, report.replid)) return 'its data is of another history';
  // Without a primary there is nothing that it could miss yet; its lag tells how long that may be said.
  if (report.upstream?.linkUp !== true && state.standing.kind === 'settled') return 'its link is down';
  if (freshMs === undefined || nowMs - freshMs > wish.lagMaxMs) return 'it lags behind';
  if (wish.freshMs !== undefined && freshMs <= wish.freshMs) return 'it may not have what was written last';
  return undefined;
}

/** The node has a connection, and leaves no probe without an answer. */
export function answers(node: NodeState | undefined, nowMs: number): boolean {
  return node?.link.kind === 'up' && node.report !== undefined && !isSilent(node, nowMs);
}

/** Of this history, or (in a switch, for a moment) of the one that it goes on from. */
function isRelated({ lineage }: WatchState, replid: string | undefined): boolean {
  if (replid === undefined) return true;
  return lineage.reign?.replids.includes(replid) === true || lineage.past.includes(replid);
}
