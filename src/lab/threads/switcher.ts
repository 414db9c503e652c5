import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SwitchError, type SwitchOptions, type SwitchReport, switchPrimary } from '../../switchover/index.js';
import { Thread } from './thread.js';

/** A failed switch crosses the border between threads as data. */
export type SwitchOutcome =
  | { readonly report: SwitchReport }
  | {
      readonly failure: { readonly code: SwitchError['code']; readonly reason: string; readonly report?: SwitchReport };
    };

export type SwitchService = { switch(options: SwitchOptions): Promise<SwitchOutcome> };

export const switchService: SwitchService = {
  async switch(options) {
    try {
      return { report: await switchPrimary(options) };
    } catch (error) {
      if (!(error instanceof SwitchError)) throw error;
      const { code, message: reason, report } = error;
      return { failure: { code, reason, ...(report === undefined ? {} : { report }) } };
    }
  },
};

/** Makes switches as an operator's own process would: not slowed down by the load, which has an event loop of its own. */
export class Switcher {
  private readonly thread: Thread<SwitchService> | undefined;

  constructor() {
    const module = new URL('./switch-thread.js', import.meta.url);
    // Uncompiled, as tests run it, there is no such file: then the switch shares the event loop.
    if (existsSync(fileURLToPath(module))) this.thread = new Thread<SwitchService>(module);
  }

  /** Rejects with a SwitchError. */
  async switch(options: SwitchOptions): Promise<SwitchReport> {
    const outcome = await (this.thread?.call('switch', options) ?? switchService.switch(options));
    if ('report' in outcome) return outcome.report;
    const { code, reason, report } = outcome.failure;
    throw new SwitchError(code, reason, report);
  }

  async close(): Promise<void> {
    await this.thread?.terminate();
  }
}
