import fc from 'fast-check';
import { test } from 'vitest';

/** SEGUE_SEED repeats a run; otherwise every run has its own seed, which stands in the name of the test. */
const seed =
  process.env.SEGUE_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(process.env.SEGUE_SEED);

/** A test that checks `predicate` for `runs` random values of `arbitrary`. */
export function property<T>(name: string, arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void, runs = 500): void {
  test(`${name} [SEGUE_SEED=${seed}]`, () => {
    fc.assert(fc.property(arbitrary, predicate), { seed, numRuns: runs });
  });
}
