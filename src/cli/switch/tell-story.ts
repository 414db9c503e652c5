import type { Finding, Target } from '../../switchover/checks/index.js';
import { SwitchError, type SwitchErrorCode, type SwitchReport } from '../../switchover/index.js';
import { errorGrowth, type StoryOutcome, type SwitchStory, storyNodes } from '../../switchover/report/index.js';
import type { Testimony } from './onlooker.js';

export interface StoryParts {
  readonly madeBy: string;
  readonly startedAt: Date;
  /** The same moment on the clock. */
  readonly startedMs: number;
  readonly target: Target;
  readonly findings: readonly Finding[];
  readonly result: SwitchReport | SwitchError;
  readonly testimony: Testimony;
}

const outcomes: Partial<Record<SwitchErrorCode, StoryOutcome>> = {
  SEGUE_SWITCH_CHECK: 'refused',
  SEGUE_SWITCH_BUSY: 'refused',
  SEGUE_SWITCH_JOURNAL: 'refused',
  SEGUE_SWITCH_GIVEN_UP: 'given-up',
  SEGUE_SWITCH_UNPROVEN: 'unproven',
};

/** What the failure of a switch, or of its resumption, leaves behind. */
export function outcomeOf({ code }: SwitchError): StoryOutcome {
  return outcomes[code] ?? 'unknown';
}

/** Puts together what the switch, the witness and the surveys know. */
export function tellStory(parts: StoryParts): SwitchStory {
  const { madeBy, startedAt, startedMs, target, findings, result, testimony } = parts;
  const { before, canary, canaryTrouble, tracks, tracksStartedMs, gaugeTrouble, after } = testimony;
  const isError = result instanceof SwitchError;
  const report = isError ? result.report : result;
  const faults = canary === undefined ? 0 : faultsOf(canary.sequence);
  return {
    madeBy,
    startedAt: startedAt.toISOString(),
    outcome: isError ? outcomeOf(result) : faults > 0 ? 'unproven' : 'switched',
    reason: isError ? result.reason : faults > 0 ? 'the canary found faults in what it had written' : undefined,
    from: target.from.name,
    to: target.to.name,
    switch: report,
    findings,
    before: storyNodes(before),
    after: after === undefined ? [] : storyNodes(after),
    sentinels: report?.sentinels ?? [],
    errors: after === undefined ? [] : errorGrowth(before, after, canary?.refusals),
    canary,
    canaryStartedMs: (canary?.startedMs ?? startedMs) - startedMs,
    canaryTrouble,
    tracks,
    tracksStartedMs: tracksStartedMs - startedMs,
    gaugeTrouble,
  };
}

function faultsOf({ missing, doubled, reordered, unexpected }: NonNullable<Testimony['canary']>['sequence']): number {
  return missing + doubled + reordered + unexpected;
}
