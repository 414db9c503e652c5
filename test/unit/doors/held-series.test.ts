import { expect, test } from 'vitest';
import { HeldSeries } from '../../../src/doors/held-series.js';

test('is told when it is whole, in microseconds', () => {
  const series = new HeldSeries();
  series.take(0, 1);
  series.take(1.23456, 2);
  expect(series.told).toBeUndefined();
  series.last(9);
  expect(series.told).toBeUndefined();
  expect(series.stop(2.5)).toBe(true);
  expect(series.told).toBeUndefined();
  series.last(3);
  expect(series.told).toEqual({
    heldMs: 2.5,
    waiting: [
      [0, 1],
      [1.235, 2],
      [2.5, 3],
    ],
  });
});

test('nothing is added once the sessions could go on', () => {
  const series = new HeldSeries();
  series.stop(1);
  series.take(2, 50);
  expect(series.stop(3)).toBe(false);
  series.last(4);
  series.last(60);
  expect(series.told).toEqual({ heldMs: 1, waiting: [[1, 4]] });
});

test('is bounded, and keeps the most that waited', () => {
  const series = new HeldSeries();
  for (let look = 0; look < 240; look++) series.take(look * 250, look === 77 ? 5_000 : look);
  series.stop(60_400);
  series.last(1e12);
  const { heldMs, waiting } = series.told!;
  expect(waiting.length).toBeLessThanOrEqual(16);
  expect(waiting).toContainEqual([77 * 250, 5_000]);
  expect([waiting[0], waiting.at(-1), heldMs]).toEqual([[0, 0], [60_000, 100_000_000], 60_000]);
});
