import { parseInfo } from '../../topology/index.js';
import { type Address, parseAddress } from '../../transport/index.js';
import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import type { Examination } from './examination.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

const loopback = /^(127\.|localhost$|::1$)/i;

/**
 * The old primary is told to follow the new one at an address, and hands the same address to its clients. With FAILOVER
 * an address that does not lead there stops all writes until it is aborted.
 */
export const announce: Check = {
  name: 'announce',
  what: 'the address by which the pair calls each node leads to that node, as far as it can be tried from here',
  worst: 'refuse',
  async run(facts) {
    const { from, to } = facts;
    const called = to.announced ?? to.name;
    const outcomes = [...homeAddress(from, to, called), ...(await dialled(facts, to, called))];
    const own = ownAnnouncement(from);
    if (own !== undefined && own !== from.name) outcomes.push(...(await dialled(facts, from, own)));
    return unlessEmpty(
      outcomes,
      ok(called === to.name ? `the pair calls ${to.name} so, too` : `${called} leads to ${to.name}`),
    );
  },
};

function homeAddress(from: ReachedNode, to: ReachedNode, called: string): Outcome[] {
  const address = parseAddress(called);
  const remedy = 'name the nodes by addresses that all hosts know, in --nodes and in replica-announce-ip';
  if (address?.kind !== 'tcp') return [refuse('a unix socket is no address for others', { node: to.name, remedy })];
  const primary = parseAddress(from.name);
  const isHere = primary?.kind === 'tcp' && loopback.test(primary.host);
  if (!loopback.test(address.host) || isHere) return [];
  return [refuse(`${called} means another host to ${from.name}`, { node: to.name, remedy })];
}

/** What the old primary will call itself when it is a replica. */
function ownAnnouncement({ config, tls }: ReachedNode): string | undefined {
  const host = config.get('replica-announce-ip') ?? '';
  if (host === '') return undefined;
  const port = Number(config.get('replica-announce-port') ?? 0);
  return `${host.includes(':') ? `[${host}]` : host}:${port || (tls.replication ? tls.port : tls.plainPort)}`;
}

async function dialled(facts: Examination, node: ReachedNode, called: string): Promise<Outcome[]> {
  const address: Address | undefined = parseAddress(called);
  if (address === undefined || called === node.name) return [];
  const conversation = facts.doorway.open(address);
  const remedy = 'CONFIG SET replica-announce-ip and replica-announce-port to what others can reach';
  try {
    await conversation.ready;
    const info = parseInfo(String(await conversation.request(['INFO', 'server'])));
    if (info.get('run_id') === node.runId) return [];
    return [refuse(`${called} leads to another server`, { node: node.name, remedy })];
  } catch (error) {
    // Whoever maps addresses is somewhere else than the nodes, and sees less than they do.
    const tell = facts.wanted.access.addressMap === undefined ? refuse : warn;
    const measured = error instanceof Error ? error.message : String(error);
    return [tell(`it is called ${called}, which cannot be reached from here`, { node: node.name, measured, remedy })];
  } finally {
    conversation.close();
  }
}
