import { describe, expect, it } from 'vitest';
import { chartData } from '../../../../src/switchover/report/chart-data.js';
import { story, storyOfHeld } from './story-fixture.js';

describe('what the charts draw', () => {
  it('counts time from when writes began to wait', () => {
    const data = chartData(story())!;
    expect(data.steps.find(({ name }) => name === 'pause')).toEqual({ name: 'pause', from: 0, to: 0.4 });
    expect(data.steps[0]).toEqual({ name: 'connect', from: -25, to: -16 });
    expect(data.stall).toEqual([0, 2]);
    expect(data.nodes[0]).toEqual({
      name: '10.0.0.1:6379',
      role: 'from',
      at: [-20, -10, 0],
      rate: [1000, 900, null],
      waiting: [0, 4, 0],
    });
    expect(data.nodes[1]!.role).toBe('to');
  });

  it('has the time in which sessions held their commands', () => {
    expect(chartData(story())!.held).toEqual({ name: '44 commands held by 12 sessions', from: -5, to: 2 });
    const base = story();
    const silent = { ...base.switch!, sessions: { silent: 'it was not wanted' } };
    expect(chartData(story({ switch: silent }))!.held).toBeNull();
  });

  it('has the line of what waited, up to the most and back to nothing', () => {
    const { waited, held } = chartData(storyOfHeld())!;
    expect(waited).toEqual({
      at: [-1_025, -5.001, -5, -3, 0.5, 0.501, 1_995],
      commands: [0, 0, 3, 12, 91, 0, 0],
    });
    expect(held).toEqual({ name: '91 commands held by 12 sessions', from: -5, to: 0.5 });
  });

  it('has no such line where nobody has said it', () => {
    expect(chartData(story())!.waited).toBeNull();
    const { waited, held } = chartData(storyOfHeld({ answered: 0, waiting: [], commandsMax: 0, heldMs: 0 }))!;
    expect([waited, held!.to]).toEqual([null, 2]);
  });

  it('keeps every write near the switch, and the slowest of ten milliseconds further away', () => {
    const { canary } = chartData(story())!;
    expect(canary).toEqual({ at: [-1_025, -1_024, 3, 1_975, 1_995], worst: [0.2, 0.3, 3, 0.9, 0.1] });
  });

  it('shows no more than there is', () => {
    const { whole, views } = chartData(story())!;
    expect(whole).toEqual([-1_025, 1_995]);
    expect(views.map(({ range }) => range)).toEqual([[-1_000, 1_002], [-15, 27], whole]);
  });

  it('takes FAILOVER for the beginning where there is no pause', () => {
    const base = story();
    const steps = base.switch!.steps.map((step) =>
      step.name === 'pause' ? { ...step, name: 'failover' as const } : step,
    );
    expect(chartData(story({ switch: { ...base.switch!, steps } }))!.steps[3]).toMatchObject({
      name: 'failover',
      from: 0,
    });
  });

  it('is nothing without a step, or without anybody who watched', () => {
    expect(chartData(story({ switch: undefined }))).toBeUndefined();
    expect(chartData(story({ canary: undefined, tracks: [] }))).toBeUndefined();
  });
});
