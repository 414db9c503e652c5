import { type Address, formatAddress } from '../../transport/index.js';
import type { LostNode } from './node-survey.js';
import { type NodeFacts, NodeVisit, type VisitOptions } from './node-visit.js';
import type { Doorway } from './pair-access.js';
import { unreachableBy } from './unreachable.js';

/** A node that was asked, and every address that led to it. */
export interface Found {
  readonly visit: NodeVisit;
  readonly facts: NodeFacts;
  readonly names: Set<string>;
}

export interface Discovered {
  readonly found: readonly Found[];
  readonly lost: readonly LostNode[];
  close(): void;
}

/** More than any pair has; what is named beyond it is not asked. */
const nodesMax = 64;

interface Lead {
  readonly address: Address;
  /** As the pair calls it; for a seed its own address. */
  readonly called: string;
}

/**
 * Asks the seeds, then whom they name (a primary its replicas, a replica its primary), and so on, in waves. A node that
 * is met under two names is one node.
 */
export async function discover(doorway: Doorway, options: VisitOptions): Promise<Discovered> {
  const found = new Map<string, Found>();
  const lost: LostNode[] = [];
  const seen = new Set<string>();
  const visits: NodeVisit[] = [];
  let wave: Lead[] = doorway.seeds.map((address) => ({ address, called: formatAddress(address) }));
  while (wave.length > 0) {
    for (const { address } of wave) seen.add(formatAddress(address));
    const results = await Promise.all(
      wave.map(async (lead) => {
        const visit = new NodeVisit(lead.address, doorway);
        visits.push(visit);
        return { lead, visit, facts: await visit.facts(options).catch((error: unknown) => ({ error })) };
      }),
    );
    for (const { lead, visit, facts } of results) {
      if ('error' in facts) lost.push(lostNode(lead, doorway, facts.error));
      else note(found, { visit, facts, names: new Set([visit.name, lead.called]) });
    }
    wave = leads(doorway, [...found.values()], seen).slice(0, nodesMax - seen.size);
  }
  const close = (): void => {
    for (const visit of visits) visit.close();
  };
  return settle([...found.values()], lost, close);
}

/** By run id: a second name of the same process adds nothing but the name. */
function note(found: Map<string, Found>, one: Found): void {
  const known = found.get(one.facts.runId);
  // An address that others can use goes before a unix socket.
  const isBetter = known?.visit.address.kind === 'unix' && one.visit.address.kind === 'tcp';
  if (known === undefined || isBetter) found.set(one.facts.runId, one);
  for (const name of known?.names ?? []) one.names.add(name);
  for (const name of one.names) known?.names.add(name);
}

function leads(doorway: Doorway, found: readonly Found[], seen: ReadonlySet<string>): Lead[] {
  const next = new Map<string, Lead>();
  for (const { facts } of found) {
    for (const { host, port } of [...facts.replicas, ...(facts.link === undefined ? [] : [facts.link])]) {
      const address = doorway.addressOf(host, port);
      if (address === undefined || seen.has(formatAddress(address))) continue;
      next.set(formatAddress(address), { address, called: formatAddress({ kind: 'tcp', host, port }) });
    }
  }
  return [...next.values()];
}

function lostNode({ address, called }: Lead, doorway: Doorway, error: unknown): LostNode {
  const name = formatAddress(address);
  const { why, reason } = unreachableBy(error, doorway.tls);
  const told = reason.startsWith(name) ? reason : `${name}: ${reason}`;
  return {
    reachable: false,
    name,
    url: doorway.urlOf(address),
    names: [...new Set([name, called])],
    why,
    reason: told,
  };
}

/** An address that cannot be reached from here may be another name of a node that was. */
function settle(found: readonly Found[], lost: readonly LostNode[], close: () => void): Discovered {
  const strangers = lost.filter((node) => {
    const owner = found.find((one) => isCalled(one, node, found));
    for (const name of owner === undefined ? [] : node.names) owner!.names.add(name);
    return owner === undefined;
  });
  return { found, lost: strangers, close };
}

function isCalled({ facts }: Found, lost: LostNode, found: readonly Found[]): boolean {
  const called = lost.names.at(-1)!;
  const others = found.map((one) => one.facts);
  if (facts.role === 'primary') {
    return others.some(({ link, replid }) => link?.up === true && link.primary === called && replid === facts.replid);
  }
  // A replica announces itself; where it does not, its own port tells it from the others on a mapped host.
  const port = Number(called.slice(called.lastIndexOf(':') + 1));
  const announcedIp = facts.config.get('replica-announce-ip') ?? '';
  const announcedPort = Number(facts.config.get('replica-announce-port') ?? 0);
  const ownPorts = [announcedPort, facts.tls.plainPort, facts.tls.port].filter((one) => one !== 0);
  const hostFits = announcedIp === '' || called.startsWith(announcedIp) || called.startsWith(`[${announcedIp}]`);
  const isListed = others.some(({ replicas }) => replicas.some(({ name }) => name === called));
  const isTheOnlyOne = others.filter(({ tls, role }) => role === 'replica' && portsOf(tls).includes(port)).length <= 1;
  return isListed && ownPorts.includes(port) && hostFits && isTheOnlyOne;
}

function portsOf(tls: NodeFacts['tls']): number[] {
  return [tls.plainPort, tls.port].filter((one) => one !== 0);
}
