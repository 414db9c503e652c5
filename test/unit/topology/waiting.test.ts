import { describe, expect, test } from 'vitest';
import { thinned, type Waiting } from '../../../src/topology/index.js';

const series = (...counts: number[]): Waiting => counts.map((count, at) => [at, count]);

describe('what waited, in fewer points', () => {
  test('is as it was where there are few', () => {
    const few = series(3, 1, 2, 5);
    expect(thinned(few, 4)).toBe(few);
    expect(thinned([], 4)).toEqual([]);
  });

  test('keeps the first, the last and the higher of two', () => {
    expect(thinned(series(9, 1, 2, 4, 3, 0, 7), 5)).toEqual([
      [0, 9],
      [2, 2],
      [3, 4],
      [5, 0],
      [6, 7],
    ]);
  });

  test('never loses the highest, wherever it is', () => {
    for (let top = 0; top < 40; top++) {
      const counts = Array.from({ length: 40 }, (_, at) => (at === top ? 100 : at));
      const few = thinned(series(...counts), 16);
      expect(few.length).toBeLessThanOrEqual(16);
      expect(few).toContainEqual([top, 100]);
      expect([few[0]![0], few.at(-1)![0]]).toEqual([0, 39]);
    }
  });
});
