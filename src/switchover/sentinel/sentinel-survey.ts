/** One Sentinel and what it watches of this pair. */
export type SentinelSurvey = LostSentinel | ReachedSentinel;

export interface LostSentinel {
  readonly reachable: false;
  readonly name: string;
  readonly reason: string;
}

export interface ReachedSentinel {
  readonly reachable: true;
  /** `host:port` as dialled from here. */
  readonly name: string;
  /** It was given, or named by one that was: only then it is sent the login of Sentinels. */
  readonly vouched: boolean;
  /** Its own id, 40 hexadecimal digits. */
  readonly id: string;
  readonly version: string;
  /** Whether it knows `SENTINEL FAILOVER … COORDINATED` (Valkey 9.0 and newer). */
  readonly coordinated: boolean;
  /** What it watches of this pair; usually one. */
  readonly watches: readonly SentinelWatch[];
}

/** A primary that a Sentinel watches. */
export interface SentinelWatch {
  /** The name that it was given in the Sentinel's configuration. */
  readonly service: string;
  /** Whom it takes for the primary, `host:port`. */
  readonly primary: string;
  readonly primaryRunId: string;
  /** Flags such as master, s_down, o_down, failover_in_progress, disconnected. */
  readonly flags: readonly string[];
  readonly quorum: number;
  readonly configEpoch: number;
  /** Replicas by which address and run id it knows them. */
  readonly replicas: readonly { readonly name: string; readonly runId: string; readonly flags: readonly string[] }[];
  readonly peers: readonly { readonly name: string; readonly id: string; readonly flags: readonly string[] }[];
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
}
