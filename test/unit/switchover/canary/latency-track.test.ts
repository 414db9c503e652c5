import { describe, expect, it } from 'vitest';
import { LatencyTrack } from '../../../../src/switchover/canary/latency-track.js';

describe('a track of latencies', () => {
  it('sorts answers by the millisecond in which they came', () => {
    const track = new LatencyTrack(1_000);
    for (const [sent, answered] of [
      [1_000, 1_000.5],
      [1_000.5, 1_000.9],
      [1_001, 1_003.2],
    ])
      track.record(sent!, answered!);
    expect(track.buckets.atMs).toEqual([0, 3]);
    expect(track.buckets.answers).toEqual([2, 1]);
    expect(track.buckets.worstMs.map((ms) => ms.toFixed(1))).toEqual(['0.5', '2.2']);
  });

  it('knows the longest time without an answer, from the beginning on', () => {
    const track = new LatencyTrack(0);
    track.record(0, 5);
    expect(track.longestGap).toEqual({ fromMs: 0, lengthMs: 5 });
    track.record(5, 6);
    track.record(7, 20);
    expect(track.longestGap).toEqual({ fromMs: 6, lengthMs: 14 });
  });

  it('summarises in percentiles', () => {
    const track = new LatencyTrack(0);
    for (let index = 1; index <= 1_000; index++) track.record(index, index + (index === 1_000 ? 40 : 0.2));
    const { p50Ms, p99Ms, maxMs } = track.summary;
    expect([p50Ms, p99Ms].map((ms) => ms.toFixed(1))).toEqual(['0.2', '0.2']);
    expect(maxMs).toBeGreaterThan(39.9);
    expect(maxMs).toBeLessThan(40.1);
  });

  it('takes an hour and more for an hour, and nothing for a microsecond', () => {
    const track = new LatencyTrack(0);
    track.record(0, 0);
    track.record(0, 10_000_000);
    expect(track.summary.maxMs).toBeGreaterThan(3_590_000);
  });
});
