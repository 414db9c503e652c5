import type { Resync } from '../../switchover/index.js';
import type { JobVerdict, MeterReport, Verdict } from '../load/index.js';
import { isClean, jobsAreClean, wrongAnswers } from '../load/index.js';
import type { SideReport, SideVerdict } from './side.js';

/** The final table. All times in milliseconds; undefined in no place, so that it survives JSON. */
export interface DemoResult {
  /** The Segue side shows nothing but zeros, and the pair is in order. */
  readonly ok: boolean;
  /** The versions, as `valkey-9.1`. */
  readonly from: string;
  readonly to: string;
  readonly seed: number;
  readonly durationMs: number;
  readonly switch: { readonly unwritableMs: number; readonly pausedMs: number; readonly resync: Resync };
  readonly plain: SideResult;
  readonly segue: SideResult;
  readonly primary: NodeResult;
  readonly replica: NodeResult & { readonly link: string; readonly inStep: boolean };
}

export interface NodeResult {
  readonly address: string;
  readonly version: string;
}

export interface SideResult {
  readonly writes: number;
  readonly errors: number;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly longestStallMs: number;
  /** The stall was not over when the load was stopped. */
  readonly stillStalled: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Everything else that is wrong with the data or the answers. */
  readonly wrong: number;
  readonly jobs: {
    readonly done: number;
    readonly errors: number;
    readonly lost: number;
    readonly doubled: number;
    readonly wrong: number;
  };
  /** The first findings in words. */
  readonly notes: readonly string[];
}

export function sideResult(report: SideReport, { load, jobs }: SideVerdict): SideResult {
  const { writes, errors, errorsByKind, longestGapMs, latencyMs } = report.load;
  return {
    writes,
    errors,
    errorsByKind,
    longestStallMs: longestGapMs,
    stillStalled: report.stillFailing,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    p999Ms: latencyMs.p999,
    lost: load.lost,
    doubled: load.doubled,
    reordered: load.reordered,
    wrong: wrongAnswers(load),
    jobs: {
      done: report.jobsDone,
      errors: report.jobs.errors,
      lost: jobs.lost,
      doubled: jobs.doubled,
      wrong: jobs.early + jobs.ghosts + jobs.unsettled,
    },
    notes: [...examples('', report.load), ...examples('jobs: ', report.jobs), ...load.notes, ...jobs.notes],
  };
}

function examples(prefix: string, { examples }: MeterReport): string[] {
  return examples.map((example) => `${prefix}${example}`);
}

export function isSpotless({ load, jobs }: { load: Verdict; jobs: JobVerdict }): boolean {
  return isClean(load) && jobsAreClean(jobs);
}

/** Zeros where zeros belong, and something that was counted at all. */
export function sideIsFine(side: SideResult): boolean {
  const { errors, lost, doubled, reordered, wrong, jobs } = side;
  const bad = errors + lost + doubled + reordered + wrong + jobs.errors + jobs.lost + jobs.doubled + jobs.wrong;
  return bad === 0 && side.writes > 0 && jobs.done > 0 && !side.stillStalled;
}
