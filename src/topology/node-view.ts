import type { NodeState, WatchState } from './watch-state.js';

/** What a watch knows about a node, for people and status pages. */
export interface NodeView {
  readonly node: string;
  /** All addresses by which it is known. */
  readonly names: readonly string[];
  readonly seed: boolean;
  readonly state: 'connecting' | 'up' | 'down';
  readonly isPrimary: boolean;
  /** What it says it is; undefined while it is not up. */
  readonly role: 'primary' | 'replica' | undefined;
  readonly version: string | undefined;
  readonly runId: string | undefined;
  readonly replid: string | undefined;
  readonly offset: number | undefined;
  /** For a replica: whom it follows, and whether that link is up. */
  readonly follows: string | undefined;
  readonly linkUp: boolean | undefined;
  /** For a replica: how old the state of the primary is that it is known to have, in ms; undefined while nothing is known. */
  readonly lagMs: number | undefined;
  /** Why it is not up, or not the primary although it says so. */
  readonly reason: string | undefined;
}

export function describeNodes(state: WatchState, nowMs: number): NodeView[] {
  return [...state.nodes.values()].map((node) => describeNode(state, node, nowMs));
}

/** One line for each node: why it is not the primary. */
export function whyNoPrimary(nodes: readonly NodeView[]): string {
  return nodes.map((node) => lineOf(node)).join('; ');
}

function lineOf(node: NodeView): string {
  if (node.reason !== undefined)
    return node.reason.startsWith(node.node) ? node.reason : `${node.node}: ${node.reason}`;
  if (node.role === 'replica') {
    const link = node.linkUp ? 'link up' : 'link down';
    return `${node.node}: a replica of ${node.follows ?? 'nobody known'} (${link})`;
  }
  if (node.role === 'primary') return `${node.node}: says it is primary and is not followed`;
  return `${node.node}: no answer yet`;
}

function describeNode(state: WatchState, node: NodeState, nowMs: number): NodeView {
  const { report, link, freshMs } = node;
  const identity = link.kind === 'up' ? link.identity : undefined;
  const upstream = report?.upstream;
  return {
    node: node.key,
    names: node.names,
    seed: node.seed,
    state: link.kind === 'dialling' ? 'connecting' : link.kind,
    isPrimary: state.standing.kind === 'settled' && state.lineage.reign?.node === node.key,
    role: report?.role,
    version: identity?.version,
    runId: identity?.runId,
    replid: report?.replid,
    offset: report?.offset,
    follows: upstream && `${upstream.host}:${upstream.port}`,
    linkUp: upstream?.linkUp,
    lagMs: report?.role === 'replica' && freshMs !== undefined ? nowMs - freshMs : undefined,
    reason: reasonOf(node),
  };
}

function reasonOf(node: NodeState): string | undefined {
  if (node.report?.loading) return 'loading its data';
  return node.lastFailure?.reason;
}
