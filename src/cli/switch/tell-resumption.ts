import { type ResumeReport, SwitchError } from '../../switchover/index.js';
import { errorGrowth, type StoryOutcome, type SwitchStory, storyNodes } from '../../switchover/report/index.js';
import type { Survey } from '../../switchover/survey/index.js';
import { outcomeOf } from './tell-story.js';

export interface ResumptionParts {
  readonly madeBy: string;
  readonly startedAt: Date;
  readonly result: ResumeReport | SwitchError;
  /** Right before and after the resumption. */
  readonly before: Survey;
  /** Undefined when the pair could not be asked any more. */
  readonly after: Survey | undefined;
}

/** What came of a switch that had been broken off. Undefined when there was none, or its journal could not be read. */
export function tellResumption(parts: ResumptionParts): SwitchStory | undefined {
  const { madeBy, startedAt, result, before, after } = parts;
  const { report } = result;
  if (report === undefined) return undefined;
  const isError = result instanceof SwitchError;
  return {
    madeBy,
    startedAt: startedAt.toISOString(),
    outcome: isError ? outcomeOf(result) : ends[result.outcome],
    reason: isError ? result.reason : undefined,
    ...(isError ? {} : { resumed: result.because }),
    from: report.from,
    to: report.to,
    switch: report,
    findings: [],
    before: storyNodes(before),
    after: after === undefined ? [] : storyNodes(after),
    sentinels: report.sentinels,
    errors: after === undefined ? [] : errorGrowth(before, after),
    canary: undefined,
    canaryStartedMs: 0,
    canaryTrouble: undefined,
    tracks: [],
    tracksStartedMs: 0,
    gaugeTrouble: undefined,
  };
}

const ends: Readonly<Record<ResumeReport['outcome'], StoryOutcome>> = {
  finished: 'switched',
  undone: 'given-up',
  nothing: 'refused',
};
