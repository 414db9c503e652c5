import { describe, expect, it } from 'vitest';
import { Meter } from '../../../src/lab/load/meter.js';
import { manualClock } from '../../../src/transport/index.js';

function measured(): { meter: Meter; pass: (ms: number) => void; write: (tookMs?: number) => void } {
  const clock = manualClock(1000);
  const meter = new Meter(clock);
  return {
    meter,
    pass: (ms) => clock.advance(ms),
    write: (tookMs = 0) => meter.wrote(meter.now() - tookMs),
  };
}

const refusal = Object.assign(new Error('READONLY no'), { name: 'ReplyError' });

describe('Meter', () => {
  it('finds the longest gap, wherever it is', () => {
    const { meter, pass, write } = measured();
    for (const ms of [5, 1, 30, 2]) {
      write();
      pass(ms);
    }
    write();
    expect(meter.report().longestGapMs).toBe(30);
  });

  it('counts the time until a load was given up as a gap, if somebody still waited', () => {
    const { meter, pass, write } = measured();
    write();
    pass(70);
    meter.stop(false);
    expect(meter.report().longestGapMs).toBe(0);
    meter.stop(true);
    expect(meter.report().longestGapMs).toBe(70);
  });

  it('gives a window every gap that touches it, and no other', async () => {
    const { meter, pass, write } = measured();
    write();
    pass(90);
    write();
    pass(10); // the gap under way when the window is opened counts from its beginning
    const window = meter.openWindow();
    pass(5);
    write();
    pass(20);
    const closing = window.close(1000); // and the one under way when it is closed, to its end
    pass(4);
    write();
    expect(await closing).toBe(24);
    pass(500);
    write();
    expect(await closing).toBe(24);
  });

  it('gives a part of a window the gaps that touch it', async () => {
    const { meter, pass, write } = measured();
    write();
    const window = meter.openWindow();
    for (const ms of [40, 7, 9, 50]) {
      pass(ms);
      write();
    }
    const now = meter.now();
    const closing = window.close(1000, { fromMs: now - 64, toMs: now - 52 }); // in the 7 and the 9
    write();
    expect(await closing).toBe(9);
  });

  it('does not wait for ever for a write that never comes', async () => {
    const { meter, pass, write } = measured();
    write();
    const window = meter.openWindow();
    pass(3);
    const closing = window.close(100);
    pass(100);
    expect(await closing).toBe(103);
  });

  it('keeps latencies of acknowledged writes, and errors apart by kind', () => {
    const { meter, pass, write } = measured();
    for (let ms = 1; ms <= 100; ms += 1) {
      pass(200);
      write(ms);
    }
    meter.failed(refusal);
    meter.failed(refusal);
    meter.failed(new Error('Connection is closed.'));
    const report = meter.report();
    expect(report.writes).toBe(100);
    expect(report.latencyMs.p50).toBeCloseTo(50, 0);
    expect(report.latencyMs.p99).toBeCloseTo(99, 0);
    expect(report.latencyMs.max).toBeCloseTo(100, 0);
    expect(report.errors).toBe(3);
    expect(report.uncertain).toBe(1);
    expect(report.errorsByKind).toEqual({ READONLY: 2, 'Connection is closed.': 1 });
    expect(report.examples).toEqual(['READONLY no', 'Connection is closed.']);
    expect(meter.failing).toBe(true);
    write();
    expect(meter.failing).toBe(false);
  });

  it('forgets the warm-up, but not its errors', () => {
    const { meter, pass, write } = measured();
    write();
    pass(300);
    write(250);
    meter.failed(refusal);
    meter.forgetWarmUp();
    pass(7);
    write(2);
    const report = meter.report();
    expect(report.longestGapMs).toBe(7);
    expect(report.latencyMs.max).toBeCloseTo(2, 0);
    expect([report.writes, report.errors]).toEqual([3, 1]);
  });
});
