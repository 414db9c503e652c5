import { parseAddress } from '../transport/index.js';
import type { Notice } from './notice.js';
import { nodeAt } from './watch-nodes.js';
import type { NodeState, PrimaryView, WatchState } from './watch-state.js';

/** A notice, held against what the watch knows. It is no verdict: `to` is a place to go to, if the watch finds it so. */
export type HeardNotice =
  /** It is about this pair: `from` is its primary, `to` another node of it that can be reached. */
  | { readonly notice: Notice; readonly isFit: true; readonly from: string; readonly to: PrimaryView }
  | { readonly notice: Notice; readonly isFit: false; readonly reason: string };

/** Whose names these are is not asked: what counts is that the watch knows and trusts the nodes already. */
export function heardNotice(state: WatchState, notice: Notice): HeardNotice {
  const from = nodeOf(state, notice.from);
  const to = nodeOf(state, notice.to);
  const reason = whyUnfit(state, notice, from, to);
  if (reason !== undefined || from === undefined || to === undefined) return { notice, isFit: false, reason: reason! };
  return { notice, isFit: true, from: from.key, to: guessAt(state, to) };
}

/** A node that may be primary next, for connecting early; its `term` is the current one. */
export function guessAt(state: WatchState, node: NodeState): PrimaryView {
  return { node: node.key, address: node.address, term: state.lineage.reign?.term ?? 0, since: 0 };
}

function whyUnfit(
  state: WatchState,
  { kind, from: fromName, to: toName }: Notice,
  from: NodeState | undefined,
  to: NodeState | undefined,
): string | undefined {
  if (from === undefined) return `${fromName} is no node of this pair`;
  if (to === undefined) return `${toName} is no node of this pair`;
  if (from.key === to.key) return `${fromName} and ${toName} are the same node`;
  // When sessions are let go, the roles may have changed already.
  if (kind === 'release') return undefined;
  if (state.standing.kind !== 'settled') return 'no primary is known';
  if (state.lineage.reign?.node !== from.key) return `${fromName} is not the primary`;
  if (to.link.kind !== 'up') return `${toName} cannot be reached`;
  return undefined;
}

function nodeOf(state: WatchState, name: string): NodeState | undefined {
  const address = parseAddress(name);
  return address?.kind === 'tcp' ? nodeAt(state, address) : undefined;
}
