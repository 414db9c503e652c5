import type { StepName } from '../switch-report.js';
import type { SwitchRun } from '../switch-run.js';

/**
 * What a failure of the step means. `untouched`: nothing was ordered yet. `undoable`: undo() makes all as it was.
 * `decisive`: there is no way back and no going on. `follow-up`: the rest is done all the same.
 */
export type Phase = 'untouched' | 'undoable' | 'decisive' | 'follow-up';

export interface Step {
  readonly name: StepName;
  readonly phase: Phase;
  run(run: SwitchRun): Promise<void>;
}
