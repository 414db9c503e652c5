import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type StepName,
  SwitchError,
  type SwitchOptions,
  type SwitchReport,
  switchPrimary,
} from '../../switchover/index.js';
import { Thread } from './thread.js';

/** Milliseconds since 1970, with fractions, as every thread sees them. */
export interface EpochSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A switch, and when clients may have had to wait: from the order to hold until all were let go. */
export interface TimedSwitch {
  readonly report: SwitchReport;
  readonly span: EpochSpan;
}

/** A failed switch crosses the border between threads as data. */
export type SwitchOutcome =
  | TimedSwitch
  | {
      readonly failure: { readonly code: SwitchError['code']; readonly reason: string; readonly report?: SwitchReport };
    };

export type SwitchService = { switch(options: SwitchOptions): Promise<SwitchOutcome> };

export const switchService: SwitchService = {
  async switch(options) {
    const beganAt = performance.timeOrigin + performance.now();
    try {
      const report = await switchPrimary(options);
      return { report, span: waitingOf(report, beganAt) };
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error;
      const { code, reason, report } = error;
      return { failure: { code, reason, ...(report === undefined ? {} : { report }) } };
    }
  },
};

const waitSteps: readonly StepName[] = ['hold', 'pause', 'catch-up', 'promote', 'demote', 'failover', 'release'];

function waitingOf({ steps }: SwitchReport, beganAt: number): EpochSpan {
  const waits = steps.filter(({ name }) => waitSteps.includes(name));
  return {
    fromMs: beganAt + Math.min(...waits.map(({ startedMs }) => startedMs)),
    toMs: beganAt + Math.max(...waits.map(({ startedMs, durationMs }) => startedMs + durationMs)),
  };
}

/** Makes switches as an operator's own process would: not slowed down by the load, which has an event loop of its own. */
export class Switcher {
  private readonly thread: Thread<SwitchService> | undefined;

  constructor() {
    const module = new URL('./switch-thread.js', import.meta.url);
    // Uncompiled, as tests run it, there is no such file: then the switch shares the event loop.
    if (existsSync(fileURLToPath(module))) this.thread = new Thread<SwitchService>(module);
  }

  /** `options` must be plain data. Rejects with a SwitchError. */
  async switch(options: SwitchOptions): Promise<TimedSwitch> {
    const outcome = await (this.thread?.call('switch', options) ?? switchService.switch(options));
    if ('report' in outcome) return outcome;
    const { code, reason, report } = outcome.failure;
    throw new SwitchError(code, reason, report);
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
  }
}
