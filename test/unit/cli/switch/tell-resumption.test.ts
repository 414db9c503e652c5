import { describe, expect, it } from 'vitest';
import { tellResumption } from '../../../../src/cli/switch/tell-resumption.js';
import { SwitchError } from '../../../../src/switchover/index.js';
import { story } from '../../switchover/report/story-fixture.js';
import { node, replica, survey } from '../status/survey-fixture.js';

const report = story().switch!;
const parts = {
  madeBy: 'segue 1.2.3',
  startedAt: new Date('2026-11-23T04:00:00Z'),
  sentinels: [],
  before: survey({ nodes: [node(), replica()] }),
  after: undefined,
};

describe('the story of a resumption', () => {
  it.each([
    ['finished', 'switched'],
    ['undone', 'given-up'],
  ] as const)('is that of the switch: %s means %s', (outcome, told) => {
    const story = tellResumption({ ...parts, result: { outcome, because: 'it is so', report } });
    expect(story).toMatchObject({
      outcome: told,
      resumed: 'it is so',
      reason: undefined,
      from: report.from,
      canary: undefined,
    });
    expect(story).toMatchObject({ startedAt: '2026-11-23T04:00:00.000Z', after: [], errors: [] });
    expect(story?.before).toHaveLength(2);
  });

  it('tells why a resumption failed', () => {
    const result = new SwitchError('SEGUE_SWITCH_UNKNOWN', 'a node is down', report);
    expect(tellResumption({ ...parts, result })).toMatchObject({ outcome: 'unknown', reason: 'a node is down' });
  });

  it('is none where there was nothing to resume, or nothing is known of it', () => {
    const nothing = { outcome: 'nothing', because: 'it was ended', report: undefined } as const;
    expect(tellResumption({ ...parts, result: nothing })).toBeUndefined();
    expect(tellResumption({ ...parts, result: new SwitchError('SEGUE_SWITCH_BUSY', 'another') })).toBeUndefined();
  });
});
