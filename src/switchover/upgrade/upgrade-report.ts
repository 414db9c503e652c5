import type { Resync, SwitchReport } from '../switch-report.js';

/** What became of one node. Times in milliseconds. */
export interface NodeUpgrade {
  /** `host:port` */
  readonly node: string;
  /** As `Valkey 8.1.1`. */
  readonly before: string;
  readonly after: string;
  /** How it came back in step with the primary; undefined when it was restarted before a resume. */
  readonly resync: Resync | undefined;
  /** How long the restart command took. */
  readonly commandMs: number;
  /** From the command's start until the node answered as a new process that has loaded its data. */
  readonly awayMs: number;
  /** From then until it had all that its primary had. */
  readonly syncMs: number;
}

export interface UpgradeReport {
  /** `host:port` of who is primary now, as far as known. */
  readonly primary: string;
  readonly nodes: readonly NodeUpgrade[];
  readonly switches: readonly SwitchReport[];
  /** What a person should know although all went on. */
  readonly warnings: readonly string[];
  readonly durationMs: number;
}
