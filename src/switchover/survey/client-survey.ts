import { parseAddress } from '../../transport/index.js';
import type { ClientFacts } from './client-facts.js';

/** What a connection is there for. `segue`: control connections of Segue itself, not its sessions. */
export type ClientRole = 'application' | 'replica' | 'primary' | 'sentinel' | 'segue';

/**
 * Whether it comes through a switch: `yes` without an error, `no` with errors (or left behind), `perhaps` when this
 * version of the server does not tell and the client's host runs Segue.
 */
export type Follows = 'yes' | 'no' | 'perhaps';

export interface ClientSurvey extends ClientFacts {
  readonly role: ClientRole;
  readonly follows: Follows;
  readonly why: string;
}

/** Names of Segue's own control connections. Its sessions carry their client's name. */
const segueNames = /^segue-(topology|notices|switch|survey|gateway)/;
/** Sentinels name their connections after their own id. */
const sentinelNames = /^sentinel-([0-9a-f]{8})-(cmd|pubsub)$/;
const watchNames = /^segue-(topology|notices)/;

/** Sorts the clients of one node. `atPrimary`: those of a replica keep what they have when it is promoted or stays. */
export function surveyClients(clients: readonly ClientFacts[], atPrimary: boolean): ClientSurvey[] {
  const segueHosts = new Set(clients.filter(({ name }) => watchNames.test(name)).map(({ addr }) => hostOf(addr)));
  return clients.map((client) => {
    const role = roleOf(client);
    return { ...client, role, ...verdictOf(client, role, atPrimary, segueHosts) };
  });
}

/** The first eight digits of the ids of those that are Sentinels, each once. */
export function sentinelIdsOf(clients: readonly ClientFacts[]): string[] {
  return [...new Set(clients.flatMap(({ name }) => sentinelNames.exec(name)?.[1] ?? []))];
}

function roleOf({ flags, name }: ClientFacts): ClientRole {
  if (flags.includes('S') && !flags.includes('O')) return 'replica';
  if (flags.includes('M')) return 'primary';
  if (sentinelNames.test(name)) return 'sentinel';
  return segueNames.test(name) ? 'segue' : 'application';
}

function verdictOf(
  client: ClientFacts,
  role: ClientRole,
  atPrimary: boolean,
  segueHosts: ReadonlySet<string>,
): { follows: Follows; why: string } {
  if (role !== 'application') return { follows: 'yes', why: 'belongs to the pair' };
  if (!atPrimary) return { follows: 'yes', why: 'is connected to a replica' };
  if (client.capa?.includes('r')) return { follows: 'yes', why: 'follows a redirect' };
  if (client.capa === undefined && segueHosts.has(hostOf(client.addr))) {
    return { follows: 'perhaps', why: 'its host runs Segue; this server does not tell which connections are its' };
  }
  if (client.flags.includes('O')) return { follows: 'no', why: 'MONITOR: stays with the old primary' };
  if (client.subscriptions > 0)
    return { follows: 'no', why: 'subscriber: stays with the old primary until that stops' };
  return { follows: 'no', why: 'has not said that it follows a redirect' };
}

/** Without the port; the path of a unix socket is left as it is. */
function hostOf(addr: string): string {
  const address = parseAddress(addr);
  return address?.kind === 'tcp' ? address.host : addr;
}
