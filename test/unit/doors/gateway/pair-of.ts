import type { Pair, SessionPlace } from '../../../../src/doors/pair.js';

/** A pair whose sessions are what the test makes of them, and that has no news. */
export function pairOf(makeSession: (place: SessionPlace) => unknown): Pair {
  return { topology: { primary: undefined }, session: makeSession, keepInformed: () => () => {} } as unknown as Pair;
}
