/** What a server process is, constant for one connection to it. From INFO server. */
export interface Identity {
  readonly runId: string | undefined;
  /** The plain port, also where we came by the TLS port; undefined when unknown or 0. */
  readonly tcpPort: number | undefined;
  readonly version: string | undefined;
  /** standalone, cluster or sentinel. */
  readonly mode: string | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a node says about replication, in one probe. */
export interface Report {
  readonly role: 'primary' | 'replica';
  /** Still reading its data: what it says about ids does not count yet, and it serves nobody. */
  readonly loading: boolean;
  /** Undefined when INFO is denied. */
  readonly replid: string | undefined;
  /** The id it followed before it was promoted. */
  readonly parent: string | undefined;
  readonly secondOffset: number | undefined;
  readonly offset: number;
  /** For a replica: whom it follows. */
  readonly upstream: (Endpoint & { readonly linkUp: boolean }) | undefined;
  readonly replicas: readonly (Endpoint & { readonly online: boolean; readonly offset: number })[];
  /** no-failover, waiting-for-sync, failover-in-progress; undefined when unknown. */
  readonly failover: string | undefined;
}

export const UNKNOWN_IDENTITY: Identity = { runId: undefined, tcpPort: undefined, version: undefined, mode: undefined };

const NO_REPLID = /^0*$/;

export function parseIdentity(infoServer: string): Identity {
  const fields = parseInfo(infoServer);
  return {
    runId: fields.get('run_id') || undefined,
    tcpPort: Number(fields.get('tcp_port')) || undefined,
    version: fields.get('valkey_version') ?? fields.get('redis_version'),
    mode: fields.get('redis_mode') ?? fields.get('server_mode'),
  };
}

/** Reads the reply of INFO replication; undefined when it names no role. */
export function parseReport(infoReplication: string, loading: boolean): Report | undefined {
  const fields = parseInfo(infoReplication);
  const role = fields.get('role');
  if (role !== 'master' && role !== 'slave') return undefined;
  return {
    role: role === 'master' ? 'primary' : 'replica',
    loading,
    replid: replidOf(fields.get('master_replid')),
    parent: replidOf(fields.get('master_replid2')),
    secondOffset: numberOf(fields.get('second_repl_offset')),
    offset: numberOf(fields.get(role === 'slave' ? 'slave_repl_offset' : 'master_repl_offset')) ?? 0,
    upstream: role === 'slave' ? upstreamOf(fields) : undefined,
    replicas: [...fields].filter(([key]) => /^slave\d+$/.test(key)).flatMap(([, value]) => replicaOf(value)),
    failover: fields.get('master_failover_state'),
  };
}

/** Reads the reply of ROLE, which has no replication ids; undefined when it is not one of a node with data. */
export function parseRole(reply: unknown, loading: boolean): Report | undefined {
  if (!Array.isArray(reply)) return undefined;
  const none = { loading, replid: undefined, parent: undefined, secondOffset: undefined, failover: undefined };
  if (reply[0] === 'master') {
    const list: unknown[] = Array.isArray(reply[2]) ? reply[2] : [];
    const replicas = list.flatMap((entry) => {
      const [host, port, offset] = Array.isArray(entry) ? entry.map(String) : [];
      const endpoint = endpointOf(host, port);
      // ROLE lists attached replicas only once they are online.
      return endpoint ? [{ ...endpoint, online: true, offset: Number(offset) || 0 }] : [];
    });
    return { ...none, role: 'primary', offset: Number(reply[1]) || 0, upstream: undefined, replicas };
  }
  if (reply[0] !== 'slave') return undefined;
  const endpoint = endpointOf(String(reply[1]), String(reply[2]));
  const upstream = endpoint && { ...endpoint, linkUp: reply[3] === 'connected' };
  return { ...none, role: 'replica', offset: Number(reply[4]) || 0, upstream, replicas: [] };
}

/** The fields of any part of INFO, without the headings of its sections. */
export function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && line[0] !== '#') fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

function upstreamOf(fields: ReadonlyMap<string, string>): Report['upstream'] {
  const endpoint = endpointOf(fields.get('master_host'), fields.get('master_port'));
  return endpoint && { ...endpoint, linkUp: fields.get('master_link_status') === 'up' };
}

/** `ip=127.0.0.1,port=6380,state=online,offset=14,lag=0,type=replica` */
function replicaOf(value: string): Report['replicas'][number][] {
  const fields = new Map(value.split(',').map((pair) => pair.split('=', 2) as [string, string]));
  const endpoint = endpointOf(fields.get('ip'), fields.get('port'));
  if (!endpoint) return [];
  return [{ ...endpoint, online: fields.get('state') === 'online', offset: numberOf(fields.get('offset')) ?? 0 }];
}

function endpointOf(host: string | undefined, port: string | undefined): Endpoint | undefined {
  const number = Number(port);
  if (!host || host === '?' || !Number.isInteger(number) || number < 1 || number > 65_535) return undefined;
  return { host, port: number };
}

function replidOf(text: string | undefined): string | undefined {
  return text === undefined || NO_REPLID.test(text) ? undefined : text;
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return text === undefined || Number.isNaN(number) ? undefined : number;
}
