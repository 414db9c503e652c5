import fc from 'fast-check';
import { test } from 'vitest';

/** SEGUE_SEED repeats a run; otherwise every run has its own seed, which stands in the name of the test. */
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** SEGUE_RUNS=20 looks twenty times as hard. */
const effort = Number(process.env.SEGUE_RUNS ?? 1);

/** A test that checks `predicate` for `runs` random values of `arbitrary`. */
export function property<T>(name: string, arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void, runs = 500): void {
  const check = () => fc.assert(fc.property(arbitrary, predicate), { seed, numRuns: runs * effort });
  test(`${name} [SEGUE_SEED=${seed}]`, check, 30_000 * effort);
}

/** The same for what takes turns of the event loop. */
export function asyncProperty<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  predicate: (value: T) => Promise<void>,
  runs = 500,
): void {
  const check = () => fc.assert(fc.asyncProperty(arbitrary, predicate), { seed, numRuns: runs * effort });
  test(`${name} [SEGUE_SEED=${seed}]`, check, 30_000 * effort);
}
