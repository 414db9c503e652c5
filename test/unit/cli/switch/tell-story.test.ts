import { describe, expect, it } from 'vitest';
import { tellStory } from '../../../../src/cli/switch/tell-story.js';
import { SwitchError, type SwitchErrorCode } from '../../../../src/switchover/index.js';
import { story } from '../../switchover/report/story-fixture.js';
import { node, replica, survey } from '../status/survey-fixture.js';

const { canary, tracks, switch: report } = story();
const before = survey({ nodes: [node({ counters: { errors: new Map([['READONLY', 3]]) } as never }), replica()] });
const after = survey({
  nodes: [
    node({
      role: 'replica',
      counters: {
        errors: new Map([
          ['READONLY', 5],
          ['OOM', 1],
        ]),
      } as never,
    }),
    replica({ runId: 'restarted', role: 'primary', counters: { errors: new Map([['WRONGTYPE', 9]]) } as never }),
  ],
});
const parts = {
  madeBy: 'segue 1.2.3',
  startedAt: new Date('2026-11-23T04:00:00Z'),
  startedMs: 6_000,
  target: { from: node(), to: replica(), others: [] },
  findings: [],
  result: report!,
  sentinels: [],
  testimony: {
    before,
    canary,
    canaryTrouble: undefined,
    tracks,
    tracksStartedMs: 5_500,
    gaugeTrouble: undefined,
    after,
  },
};

describe('the story of a switch', () => {
  it('puts all on one time line: that of the switch', () => {
    const told = tellStory(parts);
    expect(told).toMatchObject({ outcome: 'switched', startedAt: '2026-11-23T04:00:00.000Z', from: '10.0.0.1:6379' });
    expect([told.canaryStartedMs, told.tracksStartedMs]).toEqual([-1_000, -500]);
  });

  it('counts the errors that came meanwhile, without those of the canary, and none of a server that is another one now', () => {
    expect(tellStory(parts).errors).toEqual([
      { node: '10.0.0.1:6379', code: 'READONLY', before: 3, after: 4 },
      { node: '10.0.0.1:6379', code: 'OOM', before: 0, after: 1 },
    ]);
  });

  it('does not say that a switch is proven whose canary has found a fault', () => {
    const faulty = { ...canary!, isProven: false, sequence: { ...canary!.sequence, missing: 1 } };
    const told = tellStory({ ...parts, testimony: { ...parts.testimony, canary: faulty } });
    expect(told).toMatchObject({ outcome: 'unproven', reason: 'the canary found faults in what it had written' });
  });

  it.each<[SwitchErrorCode, string]>([
    ['SEGUE_SWITCH_CHECK', 'refused'],
    ['SEGUE_SWITCH_BUSY', 'refused'],
    ['SEGUE_SWITCH_JOURNAL', 'refused'],
    ['SEGUE_SWITCH_GIVEN_UP', 'given-up'],
    ['SEGUE_SWITCH_UNPROVEN', 'unproven'],
    ['SEGUE_SWITCH_UNKNOWN', 'unknown'],
  ])('takes %s for %s, with the bare reason', (code, outcome) => {
    const told = tellStory({ ...parts, result: new SwitchError(code, 'the link is down', report) });
    expect(told).toMatchObject({ outcome, reason: 'the link is down', switch: report });
  });

  it('has no after where nobody could look any more', () => {
    const told = tellStory({ ...parts, testimony: { ...parts.testimony, after: undefined } });
    expect(told).toMatchObject({ after: [], errors: [] });
  });
});
