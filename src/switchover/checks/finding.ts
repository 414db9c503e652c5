export type Verdict = 'ok' | 'warning' | 'refuse';

/** What one check has to say. Sentences are for people; they begin in small letters and have no full stop. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  /** `host:port`, when it is about one node. */
  readonly node?: string;
  readonly reason: string;
  /** The value that the verdict comes from, with its unit. */
  readonly measured?: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** A finding before it has the name of its check. */
export type Outcome = Omit<Finding, 'check'>;

type Details = Pick<Finding, 'node' | 'measured' | 'remedy'>;

export function ok(reason: string, measured?: string): Outcome {
  return { verdict: 'ok', reason, ...(measured === undefined ? {} : { measured }) };
}

/** The switch may go on, knowing this. */
export function warn(reason: string, details: Details = {}): Outcome {
  return { verdict: 'warning', reason, ...details };
}

/** The switch must not be made like this. */
export function refuse(reason: string, details: Details = {}): Outcome {
  return { verdict: 'refuse', reason, ...details };
}

/** The outcomes, or, when there is none, that all is well. */
export function unlessEmpty(outcomes: readonly Outcome[], good: Outcome): readonly Outcome[] {
  return outcomes.length > 0 ? outcomes : [good];
}
