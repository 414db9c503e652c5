import type { DemoResult, SideResult } from '../../../src/lab/demo/index.js';

export function side(changes: Partial<SideResult> = {}): SideResult {
  return {
    writes: 1000,
    errors: 0,
    errorsByKind: {},
    longestStallMs: 12.3,
    stillStalled: false,
    p50Ms: 0.5,
    p99Ms: 2,
    p999Ms: 7,
    lost: 0,
    doubled: 0,
    reordered: 0,
    wrong: 0,
    jobs: { done: 50, errors: 0, lost: 0, doubled: 0, wrong: 0 },
    notes: [],
    ...changes,
  };
}

export function result(changes: Partial<DemoResult> = {}): DemoResult {
  return {
    ok: true,
    from: 'valkey-8.1',
    to: 'valkey-9.1',
    seed: 42,
    durationMs: 12_000,
    switch: { unwritableMs: 1.4, pausedMs: 2.1, resync: 'partial' },
    plain: side({ errors: 1234, errorsByKind: { READONLY: 1234 }, stillStalled: true, longestStallMs: 6000 }),
    segue: side(),
    primary: { address: '127.0.0.1:2', version: 'valkey-9.1 (9.1.2)' },
    replica: { address: '127.0.0.1:1', version: 'valkey-9.1 (9.1.2)', link: 'connected', inStep: true },
    ...changes,
  };
}
