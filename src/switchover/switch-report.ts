import type { Waiting } from '../topology/index.js';
import type { SentinelReport } from './sentinel/index.js';

/** All steps there are; which of them a switch takes, and in what order, is told by steps/index.ts. */
export const stepNames = [
  'connect',
  'lock',
  'check',
  'prepare',
  'journal',
  'fence',
  'hold',
  'pause',
  'catch-up',
  'promote',
  'demote',
  'failover',
  'release',
  'sentinels',
  're-point',
  'restore',
  'prove',
] as const;
export type StepName = (typeof stepNames)[number];

export type SwitchMethod = 'manual' | 'failover';

export interface StepReport {
  readonly name: StepName;
  /** Since the beginning of the switch. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: string;
}

/** How a node got back in step: by the missing piece of the stream, or by a copy of everything. */
export type Resync = 'partial' | 'full';

/** What protected the pair against the end of the operator, and what did not. */
export interface FenceReport {
  /** The old primary would have refused writes by itself once the new one was promoted. */
  readonly armed: boolean;
  /** Also after a restart with its configuration file. */
  readonly persistent: boolean;
  /** An order to promote that arrives too late would have done nothing. */
  readonly timed: boolean;
  /** What could not be done, and why. */
  readonly notes: readonly string[];
}

/** What the processes with Segue's sessions said to a notice. */
export interface NoticeReport {
  /** Processes that were listening when it was published. */
  readonly expected: number;
  readonly answered: number;
  /** Sessions of those that answered. */
  readonly sessions: number;
  /** Of these, the ones that were not ready or did not hold. */
  readonly late: number;
  /** Commands that waited in them, at the hold. */
  readonly held: number;
  /** Processes that did not answer in time. */
  readonly missing: number;
  /** In the words of processes that could do nothing about it. */
  readonly unable: readonly string[];
  readonly waitedMs: number;
}

/** What waited in Segue's sessions, as their processes have counted it themselves; the sum of all that have said so. */
export interface WaitedReport {
  /** Processes that held. */
  readonly expected: number;
  /** Of these, the ones that said in time what had waited. Older versions do not say it. */
  readonly answered: number;
  /** The longest hold: from the notice until the sessions of that process could go on. */
  readonly heldMs: number;
  /** The most commands without an answer at one time; those that block in the server count. */
  readonly commandsMax: number;
  /**
   * In ms since the step `hold` began, ascending; each time a process counted. Between two counts the later one is
   * taken. What a notice needs to get there is not known, and taken for nothing.
   */
  readonly waiting: Waiting;
}

export interface SessionsReport {
  readonly prepare?: NoticeReport;
  readonly hold?: NoticeReport;
  /** Undefined when nobody held. */
  readonly waited?: WaitedReport;
  /** Why no notice was given. */
  readonly silent?: string;
}

/** Error counters of one server, from INFO. */
export interface ErrorCounts {
  /** Error replies by code: what `errorstat_*` counts. */
  readonly replies: Readonly<Record<string, number>>;
  /** Commands refused before they ran. */
  readonly rejectedCalls: number;
  /** Errors of commands that came from its primary: any is a divergence of the data. */
  readonly unexpected: number;
}

export interface NodeCounts {
  readonly node: string;
  readonly before: ErrorCounts;
  readonly after: ErrorCounts;
}

/** The history that the new primary goes on with, and the one it began. */
export interface TermReport {
  readonly before: string;
  readonly after: string;
}

export interface SwitchReport {
  /** Of this switch, also in its journal and notices. */
  readonly id: string;
  readonly method: SwitchMethod;
  /** The nodes as `host:port`: the old primary, the new one. */
  readonly from: string;
  readonly to: string;
  readonly steps: readonly StepReport[];
  /** From the order to pause writes until the new primary took them; undefined when it did not come to that. */
  readonly unwritableMs: number | undefined;
  /** From the order to pause writes until the old primary let its waiting clients go on. */
  readonly pausedMs: number | undefined;
  /** The replication offset at which the new primary took over. */
  readonly offset: number | undefined;
  /** How the old primary came to follow the new one. */
  readonly resync: Resync | undefined;
  /** How the other replicas did. */
  readonly others: readonly { readonly node: string; readonly resync: Resync }[];
  readonly fence: FenceReport;
  readonly sessions: SessionsReport;
  /** What became of telling the Sentinels that watch the pair. */
  readonly sentinels: readonly SentinelReport[];
  /** Replication ids; undefined until proven. */
  readonly term: TermReport | undefined;
  /** Of both servers; empty when they could not be asked. */
  readonly counters: readonly NodeCounts[];
  /** What a person should know although nothing failed. */
  readonly notes: readonly string[];
}
