import { clock } from '../../transport/index.js';
import type { LoadReader } from './load-client.js';
import type { Meter } from './meter.js';
import type { Verdict } from './verdict.js';

/** One way to use a client, with an account of what it did. Makes keys of its own and no others. */
export interface Workload {
  readonly name: string;
  /** Works until the run is stopped; resolves when all that it sent has been answered. Rejects only for defects of its own. */
  run(run: RunContext): Promise<void>;
  /** Compares the account with the data of one node, once run() has ended or been given up. */
  verify(reader: LoadReader): Promise<Verdict>;
  /**
   * The primary died, and `reader`'s node takes over with what it has: what was acknowledged and not replicated is
   * forgiven. Resolves with how many writes that are. A workload without it cannot take part in such a run.
   */
  survive?(reader: LoadReader): Promise<number>;
}

export interface RunContext {
  readonly meter: Meter;
  readonly stopped: boolean;
  /** Between two steps: the workload's pace, or after an error the time that an application takes to try again. */
  pause(step: 'done' | 'failed'): Promise<void>;
}

/** Repeats `step` until the run is stopped. A step says whether all went well. */
export async function repeat(run: RunContext, step: () => Promise<boolean>): Promise<void> {
  while (!run.stopped) {
    const fine = await step();
    await run.pause(fine ? 'done' : 'failed');
  }
}

/** Settles a promise into callbacks and resolves with whether it was fulfilled. */
export function settle<T>(
  promise: Promise<T>,
  ack: (value: T) => void,
  fail: (error: Error) => void,
): Promise<boolean> {
  return promise.then(
    (value) => {
      ack(value);
      return true;
    },
    (error: Error) => {
      fail(error);
      return false;
    },
  );
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(ms, resolve);
  });
}
