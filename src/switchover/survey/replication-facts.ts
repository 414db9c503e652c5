import { type Endpoint, parseInfo, parseReport } from '../../topology/index.js';
import { formatAddress } from '../../transport/index.js';
import { numberField } from './number-field.js';

/** A replica's link to its primary, as the replica sees it. */
export interface LinkFacts extends Endpoint {
  /** The primary, as this replica calls it: `host:port`. */
  readonly primary: string;
  readonly up: boolean;
  /** Since it went down. */
  readonly downSeconds: number | undefined;
  /** Since something came. */
  readonly idleSeconds: number | undefined;
  /** A full copy is under way. */
  readonly syncing: boolean;
}

/** A replica as its primary lists it. */
export interface ListedReplica extends Endpoint {
  /** As announced: `host:port`. */
  readonly name: string;
  /** online, wait_bgsave, send_bulk, …. Online does not mean in step. */
  readonly state: string;
  /** What it has acknowledged; once a second. */
  readonly offset: number;
  /** Since its last acknowledgement. */
  readonly lagSeconds: number | undefined;
}

export interface BacklogFacts {
  readonly active: boolean;
  readonly sizeBytes: number;
  /** What of it is filled. */
  readonly heldBytes: number;
  readonly firstOffset: number;
}

export interface ReplicationFacts {
  readonly role: 'primary' | 'replica';
  /** Undefined while it is loading at its start. */
  readonly replid: string | undefined;
  /** The history that it followed before it was promoted, valid up to `secondOffset`. */
  readonly replid2: string | undefined;
  readonly secondOffset: number | undefined;
  readonly offset: number;
  /** Of a replica. */
  readonly link: LinkFacts | undefined;
  readonly replicas: readonly ListedReplica[];
  /** no-failover, waiting-for-sync, failover-in-progress. */
  readonly failover: string;
  readonly backlog: BacklogFacts;
  /** What Sentinel goes by; 0: never to be promoted. */
  readonly priority: number | undefined;
}

/** Reads the text of INFO, or of its section replication; undefined when it names no role. */
export function readReplication(infoText: string, loading: boolean): ReplicationFacts | undefined {
  const report = parseReport(infoText, loading);
  if (report === undefined) return undefined;
  const info = parseInfo(infoText);
  return {
    role: report.role,
    replid: loading ? undefined : report.replid,
    replid2: report.parent,
    secondOffset: report.secondOffset,
    offset: report.offset,
    link: report.upstream && readLink(info, report.upstream),
    replicas: [...info].flatMap(([key, value]) => (/^slave\d+$/.test(key) ? readListed(value) : [])),
    failover: report.failover ?? 'no-failover',
    backlog: {
      active: info.get('repl_backlog_active') === '1',
      sizeBytes: numberField(info, 'repl_backlog_size') ?? 0,
      heldBytes: numberField(info, 'repl_backlog_histlen') ?? 0,
      firstOffset: numberField(info, 'repl_backlog_first_byte_offset') ?? 0,
    },
    priority: numberField(info, 'slave_priority'),
  };
}

function readLink(info: ReadonlyMap<string, string>, { host, port }: Endpoint): LinkFacts {
  const idle = numberField(info, 'master_last_io_seconds_ago');
  return {
    host,
    port,
    primary: formatAddress({ kind: 'tcp', host, port }),
    up: info.get('master_link_status') === 'up',
    downSeconds: numberField(info, 'master_link_down_since_seconds'),
    idleSeconds: idle === -1 ? undefined : idle,
    syncing: info.get('master_sync_in_progress') === '1',
  };
}

/** `ip=127.0.0.1,port=6380,state=online,offset=14,lag=0,type=replica` */
function readListed(value: string): ListedReplica[] {
  const fields = new Map(value.split(',').map((pair) => pair.split('=', 2) as [string, string]));
  const host = fields.get('ip');
  const port = numberField(fields, 'port');
  if (host === undefined || host === '' || port === undefined) return [];
  return [
    {
      host,
      port,
      name: formatAddress({ kind: 'tcp', host, port }),
      state: fields.get('state') ?? 'unknown',
      offset: numberField(fields, 'offset') ?? 0,
      lagSeconds: numberField(fields, 'lag'),
    },
  ];
}
