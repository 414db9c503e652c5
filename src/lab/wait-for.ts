import { inspect } from 'node:util';
import { LabError } from './lab-error.js';

export interface WaitOptions<T> {
  readonly deadlineMs: number;
  /** Ends the sentence "waited … ms for …". */
  readonly what: string;
  /** When it is met; without it, any truthy value will do. */
  readonly until?: (value: T) => boolean;
  /** Longest pause between two looks; default 10 ms. The first pauses are shorter. */
  readonly intervalMs?: number;
}

/**
 * Looks again and again until the condition is met and resolves with the value then seen. A look that throws counts as
 * "not yet". Rejects with SEGUE_LAB_TIMEOUT at the deadline, naming what was awaited and what was seen last.
 */
export async function waitFor<T>(look: () => T | Promise<T>, options: WaitOptions<T>): Promise<T> {
  const met = options.until ?? Boolean;
  const intervalMs = options.intervalMs ?? 10;
  const end = performance.now() + options.deadlineMs;
  let pauseMs = 1;
  for (;;) {
    const seen = await outcomeOf(look, end);
    if ('value' in seen && met(seen.value)) return seen.value;
    if (performance.now() >= end) {
      const last = 'value' in seen ? inspect(seen.value, { depth: 4, breakLength: 120 }) : String(seen.error);
      throw new LabError(
        'SEGUE_LAB_TIMEOUT',
        `waited ${options.deadlineMs} ms for ${options.what}; last seen: ${last}`,
        {
          ...('error' in seen ? { cause: seen.error } : {}),
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, intervalMs);
  }
}

type Outcome<T> = { value: T } | { error: unknown };

/** One look, which may not outlast the deadline either: a server that is stopped never answers. */
async function outcomeOf<T>(look: () => T | Promise<T>, end: number): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome<T>>((resolve) => {
    timer = setTimeout(() => resolve({ error: new Error('no answer') }), Math.max(1, end - performance.now()));
  });
  try {
    return await Promise.race([Promise.resolve(look()).then((value) => ({ value })), late]);
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}
