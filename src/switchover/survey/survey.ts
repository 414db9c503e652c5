import { formatAddress } from '../../transport/index.js';
import { findSentinels } from '../sentinel/find-sentinels.js';
import type { SentinelSurvey } from '../sentinel/sentinel-survey.js';
import { type Discovered, discover, type Found } from './discovery.js';
import { isReached, type NodeSurvey, type ReachedNode } from './node-survey.js';
import { type AccessIo, Doorway, type PairAccess } from './pair-access.js';
import type { ReplicationFacts } from './replication-facts.js';

/** A pair at one moment. Holds no secrets. */
export interface Survey {
  readonly takenAt: Date;
  /** The one node that says it is the primary; undefined when none does, or more than one. */
  readonly primary: ReachedNode | undefined;
  /** Primary first, then in the order in which they were found; those that could not be reached last. */
  readonly nodes: readonly NodeSurvey[];
  readonly sentinels: readonly SentinelSurvey[];
  /** Why there is no primary. */
  readonly trouble: string | undefined;
}

export interface SurveyOptions {
  /** Whether connected clients are listed, which costs a server with ten thousand of them some 40 ms. Default true. */
  readonly clients?: boolean;
  /** Of an earlier survey: they are asked again, and need not be listened for, which takes up to 2.5 s. */
  readonly sentinels?: readonly SentinelSurvey[];
}

/**
 * Finds the whole pair from any of its nodes and asks every node what it is. Changes nothing. Takes as long as the slowest
 * node, at most `timeoutMs` for connecting and again for the answers, per wave of discovery. Rejects with OptionError for
 * an access that cannot be used; what cannot be reached is in the survey, with the reason.
 */
export async function takeSurvey(access: PairAccess, io: AccessIo = {}, options: SurveyOptions = {}): Promise<Survey> {
  const doorway = new Doorway(access, io);
  const discovered = await discover(doorway, { clients: options.clients ?? true });
  try {
    const nodes = await nodesOf(discovered, doorway);
    const { primary, trouble } = primaryOf(nodes);
    const sentinels = await findSentinels(doorway, nodes, options.sentinels ?? []);
    return { takenAt: new Date(), primary, nodes, sentinels, trouble };
  } finally {
    discovered.close();
  }
}

async function nodesOf({ found, lost }: Discovered, doorway: Doorway): Promise<NodeSurvey[]> {
  // All at once, so that the distances between them mean something.
  const positions = await Promise.all(found.map(({ visit, facts }) => visit.position().catch(() => facts)));
  const primaries = positions.filter(({ role, replid }) => role === 'primary' && replid !== undefined);
  const reached = found.map((one, at) => reachedNode(one, positions[at]!, primaries, doorway));
  reached.sort((one, other) => Number(other.role === 'primary') - Number(one.role === 'primary'));
  return [...reached, ...lost];
}

function reachedNode(
  { facts, names }: Found,
  position: ReplicationFacts,
  primaries: readonly ReplicationFacts[],
  doorway: Doorway,
): ReachedNode {
  const primary = primaries.find(({ replid }) => replid === position.replid && position.role === 'replica');
  const listings = primaries.flatMap(({ replicas }) => (position.role === 'replica' ? replicas : []));
  const listed = listings.find(({ name, host, port }) => {
    const address = doorway.addressOf(host, port);
    return names.has(name) || (address !== undefined && names.has(formatAddress(address)));
  });
  return {
    ...facts,
    ...(facts.loading === undefined ? onlyReplication(position) : {}),
    names: [...names],
    announced: listed === undefined || listed.name === facts.name ? undefined : listed.name,
    lagBytes: primary && Math.max(0, primary.offset - position.offset),
    lagSeconds: listed?.lagSeconds,
  };
}

/** Without what else the object may carry. */
function onlyReplication(position: ReplicationFacts): ReplicationFacts {
  const { role, replid, replid2, secondOffset, offset, link, replicas, failover, backlog, priority } = position;
  return { role, replid, replid2, secondOffset, offset, link, replicas, failover, backlog, priority };
}

function primaryOf(nodes: readonly NodeSurvey[]): { primary: ReachedNode | undefined; trouble: string | undefined } {
  const claimants = nodes.filter(isReached).filter(({ role, loading }) => role === 'primary' && loading === undefined);
  if (claimants.length === 1) return { primary: claimants[0], trouble: undefined };
  const names = claimants.map(({ name }) => name).join(' and ');
  if (claimants.length > 1) return { primary: undefined, trouble: `more than one node says it is primary: ${names}` };
  const reasons = nodes.map((node) => (node.reachable ? `${node.name} is ${stateOf(node)}` : node.reason));
  return { primary: undefined, trouble: `no node says that it is primary: ${reasons.join('; ')}` };
}

function stateOf(node: ReachedNode): string {
  if (node.loading !== undefined) return 'loading its data';
  return `a replica of ${node.link?.primary ?? 'nobody known'}, link ${node.link?.up ? 'up' : 'down'}`;
}
