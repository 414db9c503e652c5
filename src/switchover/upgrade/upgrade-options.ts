import type { CheckWanted } from '../checks/index.js';
import type { PairAccess } from '../survey/pair-access.js';
import type { SwitchOptions } from '../switch-options.js';
import type { SwitchReport } from '../switch-report.js';
import type { Restart } from './restart-command.js';
import type { StageEvent, UpgradePreview } from './stage.js';

/** What is passed on to the checks of the switch. */
type CheckOptions = Pick<CheckWanted, 'absenceSeconds' | 'sampleMs'>;

export interface UpgradeOptions extends PairAccess, CheckOptions {
  /** How a node is restarted as its new version. */
  readonly restart: Restart;
  /** The restart itself starts the node as a replica of the primary it is told. Otherwise the configuration file must say so. */
  readonly restartSetsRole?: boolean;
  /** The replica that becomes primary, as `host:port`. Default: the one that is most in step. */
  readonly to?: string;
  /** The version that the nodes must have afterwards: `valkey-9.1`, `9.1.2`. Without it any will do that can sync. */
  readonly expect?: string;
  /** In the end the old primary becomes primary again. */
  readonly switchBack?: boolean;
  /** How long the pair goes on as it is after each restart and each switch. Default 0. */
  readonly restMs?: number;
  /** Make the server save its data, and with them its place in the stream, when it is shut down. Default true. */
  readonly saveAtShutdown?: boolean;
  /** For the restart command, and then again for the node to answer and to have loaded its data. Default 120 000. */
  readonly restartTimeoutMs?: number;
  /** For a restarted node to have all that its primary has, perhaps by a full copy. Default 600 000. */
  readonly syncTimeoutMs?: number;
  /** How long clients may take to leave the old primary before it is restarted all the same. Default 10 000. */
  readonly leaveTimeoutMs?: number;
  /** Where the stages are written down. Without it the upgrade cannot be resumed. */
  readonly journalPath?: string;
  /** What previewUpgrade has shown, and somebody has agreed to; otherwise the pair is looked at anew. */
  readonly agreed?: UpgradePreview;
  /** Go on with the upgrade that the journal tells of. */
  readonly resume?: boolean;
  /** Ends the upgrade at the next moment at which that is safe: SEGUE_UPGRADE_INTERRUPTED. */
  readonly signal?: AbortSignal;
  /** Told of each stage as it begins and ends. Must not throw. */
  readonly onStage?: (event: StageEvent) => void;
  /** Carries a switch out; default: switchPrimary. */
  readonly switchPrimary?: (options: SwitchOptions) => Promise<SwitchReport>;
  /** Further options of the switch. */
  readonly switchOptions?: Omit<SwitchOptions, 'from' | 'to' | 'others'>;
}

export interface UpgradeLimits {
  readonly restartTimeoutMs: number;
  readonly syncTimeoutMs: number;
  readonly leaveTimeoutMs: number;
}

export function limitsOf(options: UpgradeOptions): UpgradeLimits {
  const { restartTimeoutMs = 120_000, syncTimeoutMs = 600_000, leaveTimeoutMs = 10_000 } = options;
  return { restartTimeoutMs, syncTimeoutMs, leaveTimeoutMs };
}
