import type { Step } from './steps/index.js';
import { SwitchError } from './switch-error.js';
import type { StepReport, SwitchReport } from './switch-report.js';
import type { SwitchRun } from './switch-run.js';

/** Takes steps and keeps the account of them: report, journal, and whoever is told. */
export class Walk {
  private readonly begunAt: number;
  private readonly open: string[] = [];
  private told = 0;

  constructor(private readonly run: SwitchRun) {
    this.begunAt = run.clock.now();
  }

  /** Resolves with the failure of a step without which the switch cannot go on. */
  async take(step: Step): Promise<Error | undefined> {
    const { run } = this;
    const startedAt = run.clock.now();
    const failure = await this.attempt(step);
    const report: StepReport = {
      name: step.name,
      startedMs: startedAt - this.begunAt,
      durationMs: run.clock.now() - startedAt,
      ...(failure === undefined ? {} : { error: failure.message }),
    };
    run.steps.push(report);
    run.journal?.step(step.name, failure?.message);
    const unwritten = run.clientsWait ? undefined : await this.account();
    // A disk that is full is no reason to stop half way.
    const trouble = failure ?? (run.promotedAt === undefined ? unwritten : undefined);
    if (trouble === undefined || step.phase !== 'follow-up') return trouble;
    this.open.push(`${step.name}: ${trouble.message}`);
    return undefined;
  }

  /** Rejects with SEGUE_SWITCH_UNPROVEN when a follow-up step failed; then the journal stays open, to be resumed. */
  async end(): Promise<SwitchReport> {
    const { run } = this;
    if (this.open.length > 0) throw new SwitchError('SEGUE_SWITCH_UNPROVEN', this.open.join('; '), run.report());
    await run.journal?.done('switched').catch((error: Error) => run.notes.push(error.message));
    return run.report();
  }

  /** Telling must not make the clients wait: between pause and release nothing of the listener's runs. */
  tell(): void {
    const { run } = this;
    for (; this.told < run.steps.length; this.told++) run.options.onStep?.(run.steps[this.told]!);
  }

  private async attempt(step: Step): Promise<Error | undefined> {
    const { run } = this;
    const { onBoundary } = run.options;
    // Outside the step: what a rehearsal throws is no failure of it.
    await onBoundary?.({ step: step.name, side: 'before' });
    const failure = await this.attemptAlone(step);
    if (failure === undefined) await onBoundary?.({ step: step.name, side: 'after' });
    return failure;
  }

  private async attemptAlone(step: Step): Promise<Error | undefined> {
    const { run } = this;
    try {
      if (step.phase === 'untouched' || step.phase === 'undoable') run.checkInterrupted();
      await step.run(run);
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** Resolves with the reason when the journal cannot be written. */
  private async account(): Promise<Error | undefined> {
    this.tell();
    return this.run.journal?.flush().then(
      () => undefined,
      (error: Error) => error,
    );
  }
}
