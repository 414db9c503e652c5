import type { UpgradeReport } from './upgrade-report.js';

export type UpgradeErrorCode =
  /** The pair is not fit for an upgrade, and nothing has been touched. */
  | 'SEGUE_UPGRADE_CHECK'
  /** Given up before a node was restarted. */
  | 'SEGUE_UPGRADE_GIVEN_UP'
  /** A node was restarted, or its restart was ordered, and it is not in step: a person must look. The primary goes on. */
  | 'SEGUE_UPGRADE_STOPPED'
  /** Switched, and the new primary works; but the old one is not upgraded, or something could not be shown. */
  | 'SEGUE_UPGRADE_UNPROVEN'
  /** The user wanted it to stop. The journal knows how far it came. */
  | 'SEGUE_UPGRADE_INTERRUPTED'
  /** The journal is missing, of another upgrade, or cannot be written. */
  | 'SEGUE_UPGRADE_JOURNAL'
  /** The restart command cannot be used. */
  | 'SEGUE_UPGRADE_COMMAND';

const outcomes: Record<UpgradeErrorCode, string> = {
  SEGUE_UPGRADE_CHECK: 'not fit for an upgrade, nothing touched',
  SEGUE_UPGRADE_GIVEN_UP: 'upgrade given up, nothing restarted',
  SEGUE_UPGRADE_STOPPED: 'upgrade stopped half-way',
  SEGUE_UPGRADE_UNPROVEN: 'switched, but the upgrade is not complete',
  SEGUE_UPGRADE_INTERRUPTED: 'upgrade interrupted',
  SEGUE_UPGRADE_JOURNAL: 'cannot use the journal of the upgrade',
  SEGUE_UPGRADE_COMMAND: 'cannot use the restart command',
};

/** The message says what is now the case, then why. `report` has what was done so far. */
export class UpgradeError extends Error {
  override readonly name = 'UpgradeError';
  readonly code: UpgradeErrorCode;
  report: UpgradeReport | undefined;

  constructor(code: UpgradeErrorCode, reason: string, cause?: unknown) {
    super(`${outcomes[code]}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
