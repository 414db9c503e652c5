import { type Address, formatAddress } from '../transport/index.js';
import { emptyLineage } from './lineage.js';
import type { TopologyEvent } from './topology-event.js';
import type { NodeLink, NodeState, WatchConfig, WatchEffect, WatchState } from './watch-state.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * A step under way: a private copy of the state, which the parts of the step change, and the effects so far.
 * Values inside (nodes, lineage, sets) are replaced, never changed, so the state before the step stays as it was.
 */
export interface Draft extends Writable<Omit<WatchState, 'nodes'>> {
  nodes: Map<string, NodeState>;
  nowMs: number;
  effects: WatchEffect[];
}

export function beginDraft(state: WatchState, nowMs: number): Draft {
  return { ...state, nodes: new Map(state.nodes), nowMs, effects: [] };
}

export function endDraft(draft: Draft): { state: WatchState; effects: WatchEffect[] } {
  const { config, seq, nodes, lineage, standing, progress, suspects, owesNews, untrusted, staleReported } = draft;
  const state = { config, seq, nodes, lineage, standing, progress, suspects, owesNews, untrusted, staleReported };
  return { state, effects: draft.effects };
}

export function emptyWatch(config: WatchConfig): WatchState {
  return {
    config,
    seq: 0,
    nodes: new Map(),
    lineage: emptyLineage(),
    progress: { term: 0, samples: [] },
    standing: { kind: 'starting', sinceMs: 0, firstClaimMs: undefined },
    suspects: [],
    owesNews: false,
    untrusted: new Set(),
    staleReported: new Set(),
  };
}

export function newNode(address: Address, seed: boolean): NodeState {
  const key = formatAddress(address);
  const link: NodeLink = { kind: 'down', downSinceMs: 0, failures: 0, retryAtMs: 0, dialledMs: 0 };
  return {
    key,
    address,
    seed,
    names: [key],
    link,
    report: undefined,
    answeredSeq: 0,
    answeredMs: 0,
    inFlight: [],
    probedMs: 0,
    freshMs: undefined,
    replicaProcess: undefined,
    degraded: false,
    downReported: false,
    lastFailure: undefined,
  };
}

export function changeNode(draft: Draft, key: string, change: Partial<NodeState>): NodeState {
  const node = { ...draft.nodes.get(key)!, ...change };
  draft.nodes.set(key, node);
  return node;
}

export function emit(draft: Draft, event: TopologyEvent): void {
  draft.effects.push({ type: 'event', event });
}

export function dial(draft: Draft, node: NodeState): void {
  const seq = ++draft.seq;
  const { failures, downSinceMs } = node.link.kind === 'down' ? node.link : { failures: 0, downSinceMs: draft.nowMs };
  changeNode(draft, node.key, {
    link: { kind: 'dialling', sinceMs: draft.nowMs, downSinceMs, failures, seq },
    inFlight: [],
    report: undefined,
  });
  draft.effects.push({ type: 'dial', node: node.key, address: node.address, seq });
}

export function probe(draft: Draft, node: NodeState): void {
  const seq = ++draft.seq;
  const inFlight = [...node.inFlight, { seq, atMs: draft.nowMs }];
  changeNode(draft, node.key, { inFlight, probedMs: draft.nowMs });
  draft.effects.push({ type: 'probe', node: node.key, seq });
}
