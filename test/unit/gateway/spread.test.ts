import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Spread } from '../../../src/gateway/spread.js';

describe('a spread of durations', () => {
  it('has no quantiles without durations', () => {
    const spread = new Spread();
    expect([spread.count, spread.maxMs, spread.quantile(0.5)]).toEqual([0, 0, undefined]);
  });

  it('quantiles are right to 6 %, the longest is exact', () => {
    const durations = fc.array(fc.double({ min: 0.002, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.01, 0.5, 0.99, 1), (all, share) => {
        const spread = new Spread();
        for (const ms of all) spread.add(ms);
        const exact = [...all].sort((a, b) => a - b)[Math.max(1, Math.ceil(share * all.length)) - 1]!;
        expect(spread.quantile(share)! / exact).toBeGreaterThan(0.94);
        expect(spread.quantile(share)! / exact).toBeLessThan(1.06);
        expect(spread.maxMs).toBe(Math.max(...all));
      }),
    );
  });

  it('takes what is too short or too long, and begins anew', () => {
    const spread = new Spread();
    for (const ms of [0, -1, 1e12]) spread.add(ms);
    expect(spread.count).toBe(3);
    spread.clear();
    expect(spread.quantile(1)).toBeUndefined();
  });
});
