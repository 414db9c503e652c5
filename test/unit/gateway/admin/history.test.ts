import { describe, expect, it } from 'vitest';
import { History, SAMPLES_MAX } from '../../../../src/gateway/admin/history.js';
import type { Gateway, GatewayObserver } from '../../../../src/gateway/gateway.js';

function stage() {
  const traffic = { commands: 100, receivedBytes: 0, sentBytes: 0 };
  const time = { ms: 0 };
  const observers = new Set<GatewayObserver>();
  const handler = { held: { bytes: 30, commands: 3 } };
  const gateway = {
    clock: { now: () => time.ms },
    get traffic() {
      return { ...traffic };
    },
    listeners: [{ entrance: { heldBytes: 30, clients: new Set([{ handler }, { handler: undefined }]) } }],
    observe(observer: GatewayObserver) {
      observers.add(observer);
      return () => observers.delete(observer);
    },
  };
  const history = new History(gateway as unknown as Gateway, () => 5_000 + time.ms);
  const answered = (ms: number) => {
    for (const observer of observers) observer.answered?.('main', ms);
  };
  return { history, traffic, time, answered, observers };
}

describe('the history', () => {
  it('has for each second its rates, and how long answers took', () => {
    const { history, traffic, time, answered } = stage();
    time.ms = 2_000;
    traffic.commands += 50;
    traffic.sentBytes += 3_000;
    for (const ms of [1, 1, 1, 8]) answered(ms);
    history.tick();
    time.ms = 3_000;
    history.tick();
    const [first, second] = history.since(0);
    expect(first).toMatchObject({ seq: 1, at: 7_000, clients: 2, commands: 25, sentBytes: 1_500, heldCommands: 3 });
    expect(first!.p50Ms).toBeCloseTo(1, 1);
    expect(first!.maxMs).toBe(8);
    expect(second).toMatchObject({ seq: 2, commands: 0, p50Ms: null, p99Ms: null, maxMs: null });
    expect(history.since(1)).toEqual([second]);
  });

  it('is bounded, and ends', () => {
    const { history, time, observers } = stage();
    for (let n = 0; n < SAMPLES_MAX + 20; n++) {
      time.ms += 1_000;
      history.tick();
    }
    expect(history.since(0)).toHaveLength(SAMPLES_MAX);
    expect(history.since(0)[0]!.seq).toBe(21);
    history.close();
    expect(observers.size).toBe(0);
  });
});
