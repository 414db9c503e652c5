import type { Address } from '../transport/index.js';
import type { Lineage } from './lineage.js';
import type { Endpoint, Identity, Report } from './replication-report.js';
import type { TopologyEvent } from './topology-event.js';

/** Every bound of a watch; times in milliseconds. */
export const WATCH_BOUNDS = {
  nodes: 16,
  namesPerNode: 8,
  /** Addresses remembered as refused, so that each is reported once. */
  untrusted: 64,
  suspects: 100_000,
  /** Probes of one node that may be unanswered at the same time. */
  probesInFlight: 2,
  /** A node that has not answered for this long no longer delays a verdict. */
  probeDeadlineMs: 100,
  /** At the start, when one node says it is primary: how long to wait for what nodes that it does not list would say. */
  startWaitMs: 500,
  /** A claim beside the primary's is normal while a switch is under way; after this time it is reported. */
  staleAfterMs: 1000,
} as const;

export interface WatchConfig {
  readonly probeIntervalMs: number;
  readonly seekIntervalMs: number;
  readonly connectTimeoutMs: number;
  /** TCP nodes are dialled with TLS. */
  readonly tls: boolean;
  /** From an address as servers announce it to the one to dial; undefined: not to be dialled. */
  readonly mapAddress: (announced: Endpoint) => Address | undefined;
}

/** A node in its time as primary, or a replica in that time. `node` is formatAddress(address); `since` in milliseconds of the clock. */
export interface PrimaryView {
  readonly node: string;
  readonly address: Address;
  readonly term: number;
  readonly since: number;
  /** run_id of the server process; undefined where INFO is denied. */
  readonly process?: string | undefined;
  /** It is no primary, but may be read from; `term` is its primary's. */
  readonly replica?: true;
}

export type FailureKind = 'network' | 'auth' | 'other';

export interface Failure {
  readonly kind: FailureKind;
  readonly reason: string;
}

/** The control connection to a node. */
export type NodeLink =
  /** `failures` in a row before this attempt: 0 means that nobody knows yet, so a verdict waits for it. */
  | { kind: 'dialling'; sinceMs: number; downSinceMs: number; failures: number; seq: number }
  | { kind: 'up'; sinceMs: number; identity: Identity }
  | { kind: 'down'; downSinceMs: number; failures: number; retryAtMs: number; dialledMs: number };

export interface NodeState {
  /** formatAddress(address); the node's name in events. */
  readonly key: string;
  readonly address: Address;
  readonly seed: boolean;
  /** All addresses under which it is known, `key` first. */
  readonly names: readonly string[];
  readonly link: NodeLink;
  /** The last answer on this connection; answers of an earlier connection do not count. */
  readonly report: Report | undefined;
  /** When the probe of that answer was sent (WatchState.seq), and when it arrived. 0: never. */
  readonly answeredSeq: number;
  readonly answeredMs: number;
  /** Probes without an answer, oldest first. */
  readonly inFlight: readonly { readonly seq: number; readonly atMs: number }[];
  readonly probedMs: number;
  /** A replica: it has all that the primary had at this time, as far as is known. Undefined: nothing is. */
  readonly freshMs: number | undefined;
  /** run_id of the process that was seen as a replica under this name. */
  readonly replicaProcess: string | undefined;
  /** INFO is denied: reported once. */
  readonly degraded: boolean;
  /** The outage has been reported. */
  readonly downReported: boolean;
  /** Why the last connection ended, until the next one is up. */
  readonly lastFailure: Failure | undefined;
}

export interface Suspect {
  readonly id: number;
  /** Answered by probes with a larger number. */
  readonly seq: number;
  readonly atMs: number;
  /** The term known when it was raised: a newer one is the answer. */
  readonly term: number;
  readonly node: string | undefined;
  readonly hint: Endpoint | undefined;
}

export type Standing =
  /** No primary has ever been known. */
  | { kind: 'starting'; sinceMs: number; firstClaimMs: number | undefined }
  | { kind: 'settled'; view: PrimaryView }
  /** The primary of `view` stepped down or cannot be reached; `reason` until that has been reported. `seq`: when, in probes. */
  | { kind: 'lost'; sinceMs: number; seq: number; view: PrimaryView; reason: string | undefined };

/** The primary's offset, and when it was asked for it. */
export interface Sample {
  readonly offset: number;
  readonly atMs: number;
}

/** What the primary of a term has told of its offset, oldest first. */
export interface Progress {
  readonly term: number;
  readonly samples: readonly Sample[];
}

export interface WatchState {
  readonly config: WatchConfig;
  /** Logical time: grows with each probe and each suspicion. */
  readonly seq: number;
  readonly nodes: ReadonlyMap<string, NodeState>;
  readonly lineage: Lineage;
  readonly standing: Standing;
  readonly progress: Progress;
  readonly suspects: readonly Suspect[];
  /** Somebody was told "not known" while the primary was silent: the next sign of it must be published, same term or not. */
  readonly owesNews: boolean;
  readonly untrusted: ReadonlySet<string>;
  /** `node process replid` of claims that were reported. */
  readonly staleReported: ReadonlySet<string>;
}

/** What can happen to a watch. */
export type WatchEvent =
  | { type: 'start' }
  /** An answer to the probe `seq`; `identity` with the first one of a connection. */
  | { type: 'probed'; node: string; seq: number; report: Report; identity: Identity | undefined; roleOnly: boolean }
  /** The connection ended or could not be made, or the node cannot be probed. */
  | { type: 'closed'; node: string; failure: Failure }
  | { type: 'suspect'; id: number; node: string | undefined; hint: Endpoint | undefined }
  /** Somebody wants to know at once what this node says now. */
  | { type: 'look'; node: string }
  /** Time has passed. */
  | { type: 'wake' };

/** What is to be done, in this order. */
export type WatchEffect =
  /** Open a control connection and probe at once; all answers and the end of it come back as events. */
  | { type: 'dial'; node: string; address: Address; seq: number }
  | { type: 'hang-up'; node: string }
  | { type: 'probe'; node: string; seq: number }
  | { type: 'publish'; view: PrimaryView }
  | { type: 'answer'; id: number; view: PrimaryView | undefined }
  | { type: 'event'; event: TopologyEvent };
