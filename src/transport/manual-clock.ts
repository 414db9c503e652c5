import type { Clock, Timer } from './clock.js';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves the time on by `ms`, firing due timers in order of their time, then of their creation, each at its own time. */
  advance(ms: number): void;
  /** Moves on to the next timer and fires it. False when there is none. */
  fireNext(): boolean;
  readonly pendingTimers: number;
}

interface Pending {
  dueMs: number;
  fn: () => void;
}

/** Starts at `startMs` (0). Timers that throw let the exception out of advance(). */
export function manualClock(startMs = 0): ManualClock {
  let nowMs = startMs;
  // A Map keeps the order of creation, which breaks ties between timers of the same moment.
  const pending = new Map<Timer, Pending>();

  function next(): [Timer, Pending] | undefined {
    let first: [Timer, Pending] | undefined;
    for (const entry of pending) if (!first || entry[1].dueMs < first[1].dueMs) first = entry;
    return first;
  }

  function fire([timer, { dueMs, fn }]: [Timer, Pending]): void {
    pending.delete(timer);
    nowMs = Math.max(nowMs, dueMs);
    fn();
  }

  return {
    now: () => nowMs,
    setTimer(ms, fn) {
      const timer: Timer = { id: undefined };
      pending.set(timer, { dueMs: nowMs + Math.max(0, ms), fn });
      return timer;
    },
    clearTimer(timer) {
      if (timer) pending.delete(timer);
    },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (let due = next(); due && due[1].dueMs <= untilMs; due = next()) fire(due);
      nowMs = untilMs;
    },
    fireNext() {
      const due = next();
      if (due) fire(due);
      return due !== undefined;
    },
    get pendingTimers() {
      return pending.size;
    },
  };
}
