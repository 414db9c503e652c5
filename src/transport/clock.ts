/** A running timer. Opaque: give it back to clearTimer of the clock that made it. */
export interface Timer {
  readonly id: unknown;
}

export interface TimerOptions {
  /** The timer does not keep the process alive. */
  unref?: boolean;
}

/** The one source of time. Everything that waits takes a Clock, so that tests can decide what time it is. */
export interface Clock {
  /** Milliseconds (with fractions) since an arbitrary moment; never goes back. */
  now(): number;
  /** Runs `fn` once, not before `ms` milliseconds have passed. */
  setTimer(ms: number, fn: () => void, options?: TimerOptions): Timer;
  /** Nothing happens when the timer has fired or been cleared. */
  clearTimer(timer: Timer | undefined): void;
}

/** The real time. */
export const clock: Clock = {
  now: () => performance.now(),
  setTimer(ms, fn, options) {
    const id = setTimeout(fn, ms);
    if (options?.unref) id.unref();
    return { id };
  },
  clearTimer(timer) {
    clearTimeout(timer?.id as NodeJS.Timeout | undefined);
  },
};
