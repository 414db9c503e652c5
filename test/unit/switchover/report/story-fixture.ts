import type { WaitedReport } from '../../../../src/switchover/index.js';
import type { SwitchStory } from '../../../../src/switchover/report/index.js';

const notice = { expected: 2, answered: 2, sessions: 12, late: 0, held: 44, missing: 0, unable: [], waitedMs: 4.6 };
const stepTimes = [
  ['connect', 0, 9],
  ['journal', 10, 5],
  ['hold', 20, 4.6],
  ['pause', 25, 0.4],
  ['catch-up', 25.4, 0.5],
  ['promote', 26, 1],
  ['demote', 27, 1.5],
  ['prove', 29, 8],
] as const;

/** The same, where the processes have said what waited. */
export function storyOfHeld(waited: Partial<WaitedReport> = {}): SwitchStory {
  const told = story();
  const waiting = [
    [0, 3],
    [2, 12],
    [5.5, 91],
  ] as const;
  const all = { expected: 2, answered: 2, heldMs: 5.5, commandsMax: 91, waiting, ...waited };
  return { ...told, switch: { ...told.switch!, sessions: { ...told.switch!.sessions, waited: all } } };
}

/** A switch that went well. */
export function story(changes: Partial<SwitchStory> = {}): SwitchStory {
  return {
    madeBy: 'segue 1.2.3',
    startedAt: '2026-11-23T04:50:37.123Z',
    outcome: 'switched',
    reason: undefined,
    from: '10.0.0.1:6379',
    to: '10.0.0.2:6379',
    switch: {
      id: 'abc',
      method: 'manual',
      from: '10.0.0.1:6379',
      to: '10.0.0.2:6379',
      steps: stepTimes.map(([name, startedMs, durationMs]) => ({ name, startedMs, durationMs })),
      unwritableMs: 2,
      pausedMs: 3.5,
      offset: 1234,
      resync: 'partial',
      others: [],
      fence: { armed: true, persistent: true, timed: true, notes: [] },
      sessions: { prepare: notice, hold: notice },
      term: { before: 'a', after: 'b' },
      counters: [],
      sentinels: [],
      notes: [],
    },
    findings: [
      { check: 'lag', verdict: 'ok', reason: 'it is close behind' },
      { check: 'clients', verdict: 'warning', reason: 'one would see errors', measured: '1', remedy: 'give it Segue' },
    ],
    before: [
      { name: '10.0.0.1:6379', role: 'primary', version: 'valkey 8.1.1', offset: 1234, lagBytes: undefined, link: '' },
    ],
    after: [{ name: '10.0.0.1:6379', role: 'replica', version: 'valkey 8.1.1', offset: 2345, lagBytes: 0, link: 'up' }],
    sentinels: [],
    errors: [{ node: '10.0.0.1:6379', code: 'READONLY', before: 3, after: 5 }],
    canary: {
      key: 'segue:canary:0011',
      startedMs: 5_000,
      sequence: { acknowledged: 1053, uncertain: 0, missing: 0, doubled: 0, reordered: 0, unexpected: 0, notes: [] },
      isProven: true,
      trouble: undefined,
      refusals: { READONLY: 1 },
      latency: { p50Ms: 0.3, p99Ms: 1.2, p999Ms: 4, maxMs: 5.1 },
      longestGap: { fromMs: 1_020, lengthMs: 6 },
      buckets: {
        atMs: [0, 1, 1_028, 3_000, 3_004, 3_020],
        answers: [1, 2, 1, 1, 1, 1],
        worstMs: [0.2, 0.3, 3, 0.2, 0.9, 0.1],
      },
    },
    canaryStartedMs: -1_000,
    canaryTrouble: undefined,
    tracks: [
      { node: '10.0.0.1:6379', atMs: [10, 20, 30], commandsPerSecond: [1_000.4, 900, null], waitingClients: [0, 4, 0] },
      { node: '10.0.0.2:6379', atMs: [10, 20, 30], commandsPerSecond: [null, null, 800], waitingClients: [0, 0, 0] },
    ],
    tracksStartedMs: -5,
    gaugeTrouble: undefined,
    ...changes,
  };
}
