import type { Clock, Transport } from '../transport/index.js';
import { insist, type Step, steps } from './steps.js';
import { SwitchError } from './switch-error.js';
import type { SwitchOptions } from './switch-options.js';
import type { StepReport, SwitchReport } from './switch-report.js';
import { SwitchRun } from './switch-run.js';

/**
 * Makes `to`, a replica of the primary `from`, the primary, and `from` its replica. Writes wait meanwhile, about a
 * millisecond; none is lost. Before the promotion any failure is undone; after it the switch is finished whatever happens.
 *
 * Resolves when roles and links are proven; rejects with a SwitchError whose code says what is the case.
 */
export async function switchPrimary(
  options: SwitchOptions,
  io: { clock?: Clock; transport?: Transport } = {},
): Promise<SwitchReport> {
  const run = new SwitchRun(options, io);
  const begunAt = run.clock.now();
  const open: string[] = [];
  let told = 0;
  // Telling must not make the clients wait: between fence and release nothing of the listener's runs.
  const tell = (): void => {
    for (; told < run.steps.length; told++) options.onStep?.(run.steps[told]!);
  };
  try {
    for (const step of steps) {
      const failure = await attempt(run, step, begunAt);
      if (run.fencedAt === undefined || run.releasedAt !== undefined) tell();
      if (failure === undefined) continue;
      if (step.phase !== 'follow-up') throw await giveUp(run, step, failure);
      open.push(`${step.name}: ${failure.message}`);
    }
    if (open.length > 0) throw new SwitchError('SEGUE_SWITCH_UNPROVEN', open.join('; '), run.report());
    return run.report();
  } finally {
    tell();
    run.close();
  }
}

async function attempt(run: SwitchRun, step: Step, begunAt: number): Promise<Error | undefined> {
  const startedAt = run.clock.now();
  let failure: Error | undefined;
  try {
    await step.run(run);
  } catch (error) {
    failure = error as Error;
  }
  const report: StepReport = {
    name: step.name,
    startedMs: startedAt - begunAt,
    durationMs: run.clock.now() - startedAt,
    ...(failure === undefined ? {} : { error: failure.message }),
  };
  run.steps.push(report);
  return failure;
}

async function giveUp(run: SwitchRun, step: Step, failure: Error): Promise<SwitchError> {
  const reason = `${step.name}: ${failure.message}`;
  if (failure instanceof SwitchError) return new SwitchError(failure.code, reason, run.report(), failure);
  switch (step.phase) {
    case 'untouched':
      return new SwitchError('SEGUE_SWITCH_CHECK', reason, run.report(), failure);
    case 'undoable':
      return new SwitchError('SEGUE_SWITCH_GIVEN_UP', `${reason}${await unpause(run)}`, run.report(), failure);
    default: {
      const state = `${run.to.name} is primary, and ${run.from.name} did not become its replica`;
      return new SwitchError('SEGUE_SWITCH_UNKNOWN', `${state}: ${failure.message}`, run.report(), failure);
    }
  }
}

/** Resolves with what there is to say about it. */
async function unpause(run: SwitchRun): Promise<string> {
  try {
    await insist(run, run.from, ['CLIENT', 'UNPAUSE'], run.limits.pauseTimeoutMs);
    run.releasedAt = run.clock.now();
    return '';
  } catch (error) {
    return `; unpausing failed, so writes waited until the pause ended by itself: ${(error as Error).message}`;
  }
}
