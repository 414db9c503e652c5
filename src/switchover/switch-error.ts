import type { SwitchReport } from './switch-report.js';

export type SwitchErrorCode =
  /** The pair is not fit for a switch, and nothing has been touched. */
  | 'SEGUE_SWITCH_CHECK'
  /** Another switch of this pair is under way, and nothing has been touched. */
  | 'SEGUE_SWITCH_BUSY'
  /** The journal cannot be read or written, or does not belong to this pair. */
  | 'SEGUE_SWITCH_JOURNAL'
  /** Given up before the promotion and undone: nothing has changed. */
  | 'SEGUE_SWITCH_GIVEN_UP'
  /** Switched, and the new primary takes writes; but something that should follow could not be shown. */
  | 'SEGUE_SWITCH_UNPROVEN'
  /** Nobody can know which node is primary, or something could not be undone: a person must look. */
  | 'SEGUE_SWITCH_UNKNOWN';

const outcomes: Record<SwitchErrorCode, string> = {
  SEGUE_SWITCH_CHECK: 'not fit for a switch, nothing touched',
  SEGUE_SWITCH_BUSY: 'another switch is under way, nothing touched',
  SEGUE_SWITCH_JOURNAL: 'the journal cannot be used',
  SEGUE_SWITCH_GIVEN_UP: 'given up, nothing changed',
  SEGUE_SWITCH_UNPROVEN: 'switched, but not proven',
  SEGUE_SWITCH_UNKNOWN: 'state unknown, look at both nodes',
};

/** The message says what is now the case, then why. `report` has the steps so far. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
  readonly code: SwitchErrorCode;
  readonly report: SwitchReport | undefined;

  constructor(code: SwitchErrorCode, reason: string, report?: SwitchReport, cause?: unknown) {
    super(`${outcomes[code]}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.report = report;
  }

  /** What is the matter, without the outcome in front. */
  get reason(): string {
    return this.message.slice(outcomes[this.code].length + 2);
  }
}
