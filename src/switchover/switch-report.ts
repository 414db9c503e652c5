export const stepNames = [
  'connect',
  'check',
  'fence',
  'catch-up',
  'promote',
  'demote',
  'release',
  're-point',
  'prove',
] as const;
export type StepName = (typeof stepNames)[number];

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

export interface SwitchReport {
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
}
