import { describe, expect, it } from 'vitest';
import { type SwitchOptions, switchPrimary } from '../../../src/switchover/index.js';
import { limitsOf } from '../../../src/switchover/switch-limits.js';
import { OptionError } from '../../../src/transport/index.js';

type Given = Omit<SwitchOptions, 'from' | 'to'>;

describe('how long a switch waits for the answers to a notice', () => {
  it.each<[Given, number]>([
    [{}, 1_000],
    [{ noticeTimeoutMs: 5_500 }, 5_500],
    [{ noticeTimeoutMs: 10_000, pauseTimeoutMs: 20_000 }, 10_000],
    [{ noticeTimeoutMs: 6_400, catchUpTimeoutMs: 100 }, 6_400],
    // Of a short pause half is the reserve, and of the rest half is for catching up.
    [{ pauseTimeoutMs: 2_000 }, 500],
    [{ pauseTimeoutMs: 400, catchUpTimeoutMs: 30 }, 170],
    // FAILOVER is not bound by the pause.
    [{ noticeTimeoutMs: 20_000, method: 'failover' }, 20_000],
    [{ noticeTimeoutMs: 90_000, notice: false }, 90_000],
  ])('%j: %d ms', (given, limit) => {
    expect(limitsOf(given).noticeTimeoutMs).toBe(limit);
  });

  it.each<[Given, RegExp]>([
    [
      { noticeTimeoutMs: 5_501 },
      /5501 must be .* 5500 at the most: with a pauseTimeoutMs of 12000 .* too late; give it less/,
    ],
    [{ noticeTimeoutMs: 10_000 }, /5500 at the most/],
    [{ noticeTimeoutMs: 501, pauseTimeoutMs: 2_000 }, /500 at the most: with a pauseTimeoutMs of 2000/],
    [{ noticeTimeoutMs: 30_001, pauseTimeoutMs: 90_000 }, /30000 at the most: no process holds/],
    [{ noticeTimeoutMs: 30_001, method: 'failover' }, /30000 at the most: no process holds/],
    [{ noticeTimeoutMs: 0 }, /more than 0/],
    [{ noticeTimeoutMs: Number.NaN }, /more than 0/],
  ])('%j is refused', (given, words) => {
    expect(() => limitsOf(given)).toThrow(OptionError);
    expect(() => limitsOf(given)).toThrow(words);
  });

  it('is refused before anything is dialled', async () => {
    const transport = { dial: () => expect.unreachable() };
    const options = { from: 'valkey://a:1', to: 'valkey://b:1', noticeTimeoutMs: 7_000 };
    await expect(switchPrimary(options, { transport })).rejects.toMatchObject({ code: 'SEGUE_OPTION_VALUE' });
  });
});
