import { formatAddress } from '../transport/index.js';
import type { Endpoint, Identity, Report } from './replication-report.js';
import { changeNode, type Draft, dial, emit, newNode } from './watch-draft.js';
import { type NodeState, WATCH_BOUNDS, type WatchState } from './watch-state.js';

/*
 * Which servers belong to the pair, and under which names. Trusted, so dialled and given the password, are: the seeds;
 * what the primary, or a node with the same history, lists as its replicas; and, as long as no primary has ever been
 * known, the node that a trusted one says it follows. Nothing else, whoever names it.
 */

/** The node known under this name, which may be its key, an alias or an announced address before mapping. */
export function nodeNamed(state: Pick<WatchState, 'nodes'>, name: string): NodeState | undefined {
  const byKey = state.nodes.get(name);
  if (byKey) return byKey;
  for (const node of state.nodes.values()) if (node.names.includes(name)) return node;
  return undefined;
}

/** The node that servers announce as `endpoint`. */
export function nodeAt(state: Pick<WatchState, 'nodes' | 'config'>, endpoint: Endpoint): NodeState | undefined {
  const mapped = state.config.mapAddress(endpoint);
  return (mapped && nodeNamed(state, formatAddress(mapped))) ?? nodeNamed(state, announced(endpoint));
}

/** Takes in the nodes that a trusted node's report vouches for. */
export function discover(draft: Draft, node: NodeState, report: Report): void {
  if (vouches(draft, node, report)) for (const replica of report.replicas) addNode(draft, replica, node);
  const { upstream } = report;
  if (!upstream || nodeAt(draft, upstream)) return;
  const reign = draft.lineage.reign;
  if (!reign) {
    addNode(draft, upstream, node);
    return;
  }
  // A replica in step with the primary and listed by it: the name it uses is one more name of the primary.
  const primary = draft.nodes.get(reign.node);
  const listed = primary?.report?.replicas.some((replica) => nodeAt(draft, replica)?.key === node.key);
  const inStep = upstream.linkUp && report.replid !== undefined && reign.replids[0] === report.replid;
  if (primary && listed && inStep) addName(draft, primary, announced(upstream));
}

/** The same server process under two addresses becomes one node. Returns the node that remains. */
export function mergeAliases(draft: Draft, node: NodeState, identity: Identity): NodeState {
  const named = addPlainName(draft, node, identity);
  if (identity.runId === undefined) return named;
  for (const other of draft.nodes.values()) {
    if (other.key === named.key || other.link.kind !== 'up' || other.link.identity.runId !== identity.runId) continue;
    return named.seed && !other.seed ? merge(draft, named, other) : merge(draft, other, named);
  }
  return named;
}

/** Reports, once, an address that nobody vouches for. */
export function refuse(
  draft: Draft,
  endpoint: Endpoint,
  namedBy: string,
  reason: 'not-in-the-pair' | 'too-many-nodes' | 'unmapped',
): void {
  const address = announced(endpoint);
  if (draft.untrusted.has(address)) return;
  draft.untrusted = bounded(draft.untrusted, address, WATCH_BOUNDS.untrusted);
  emit(draft, { type: 'untrusted', address, namedBy, reason });
}

/** The set with `value`, without its oldest ones beyond `max`. */
export function bounded(set: ReadonlySet<string>, value: string, max: number): Set<string> {
  const next = new Set(set).add(value);
  for (const oldest of next) {
    if (next.size <= max) break;
    next.delete(oldest);
  }
  return next;
}

/** Mutual listings and chains may name anybody; the primary of the pair and its copies may vouch. */
function vouches(draft: Draft, node: NodeState, report: Report): boolean {
  const reign = draft.lineage.reign;
  if (!reign || reign.node === node.key) return true;
  return report.replid !== undefined && reign.replids.includes(report.replid);
}

function addNode(draft: Draft, endpoint: Endpoint, namedBy: NodeState): void {
  if (nodeAt(draft, endpoint)) return;
  const address = draft.config.mapAddress(endpoint);
  if (!address) {
    refuse(draft, endpoint, namedBy.key, 'unmapped');
    return;
  }
  if (draft.nodes.size >= WATCH_BOUNDS.nodes && !evict(draft)) {
    refuse(draft, endpoint, namedBy.key, 'too-many-nodes');
    return;
  }
  const node = newNode(address, false);
  const name = announced(endpoint);
  draft.nodes.set(node.key, name === node.key ? node : { ...node, names: [node.key, name] });
  dial(draft, draft.nodes.get(node.key)!);
}

/** Makes room by forgetting the discovered node that has been unreachable longest. */
function evict(draft: Draft): boolean {
  let oldest: { key: string; sinceMs: number } | undefined;
  for (const { key, seed, link } of draft.nodes.values()) {
    if (seed || link.kind !== 'down' || link.failures === 0 || key === draft.lineage.reign?.node) continue;
    if (!oldest || link.downSinceMs < oldest.sinceMs) oldest = { key, sinceMs: link.downSinceMs };
  }
  if (oldest) draft.nodes.delete(oldest.key);
  return oldest !== undefined;
}

/**
 * A node reached by its TLS port may be announced by its plain port: both are names of it. Without TLS a different
 * port means a port mapping, and the inner port says nothing about our side of it.
 */
function addPlainName(draft: Draft, node: NodeState, identity: Identity): NodeState {
  if (!draft.config.tls || node.address.kind !== 'tcp' || identity.tcpPort === undefined) return node;
  const name = announced({ host: node.address.host, port: identity.tcpPort });
  const other = nodeNamed(draft, name);
  // Before this answer the announced port was unknown, and TLS on it cannot work.
  const isDeadEnd = other && other.key !== node.key && !other.seed && other.link.kind !== 'up';
  return isDeadEnd ? merge(draft, node, other) : addName(draft, node, name);
}

function addName(draft: Draft, node: NodeState, name: string): NodeState {
  if (nodeNamed(draft, name)) return draft.nodes.get(node.key)!;
  return changeNode(draft, node.key, { names: [...node.names, name].slice(0, WATCH_BOUNDS.namesPerNode) });
}

function merge(draft: Draft, kept: NodeState, dropped: NodeState): NodeState {
  draft.nodes.delete(dropped.key);
  draft.effects.push({ type: 'hang-up', node: dropped.key });
  emit(draft, { type: 'alias', node: kept.key, also: dropped.key });
  const { reign } = draft.lineage;
  if (reign?.node === dropped.key) draft.lineage = { ...draft.lineage, reign: { ...reign, node: kept.key } };
  return changeNode(draft, kept.key, {
    seed: kept.seed || dropped.seed,
    names: [...new Set([...kept.names, ...dropped.names])].slice(0, WATCH_BOUNDS.namesPerNode),
    replicaProcess: kept.replicaProcess ?? dropped.replicaProcess,
  });
}

function announced(endpoint: Endpoint): string {
  return formatAddress({ kind: 'tcp', ...endpoint });
}
