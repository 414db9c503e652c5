import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeStyle } from '../../../../src/cli/style.js';
import { planLines } from '../../../../src/cli/switch/plan-lines.js';
import { StepView } from '../../../../src/cli/switch/step-view.js';
import { storyLines } from '../../../../src/cli/switch/story-lines.js';
import type { Terminal } from '../../../../src/cli/terminal.js';
import { story } from '../../switchover/report/story-fixture.js';
import { node, replica } from '../status/survey-fixture.js';

const plain = makeStyle(false);

describe('the plan', () => {
  it('names who does what, and what is left behind', () => {
    const target = { from: node(), to: replica(), others: [replica({ name: '10.0.0.4:6379' })] };
    const facts = { target, method: 'manual', notice: true, canary: true, journal: '/j', sentinels: 3 } as const;
    expect(planLines(facts, plain)).toEqual([
      '  primary now       10.0.0.1:6379 (Valkey 9.1.2), becomes a replica',
      '  primary then      10.0.0.2:6379 (Valkey 9.1.2)',
      '  another replica   10.0.0.4:6379 (Valkey 9.1.2), will follow 10.0.0.2:6379',
      '  how               step by step; writes wait a few milliseconds',
      '  clients on Segue  are told to hold',
      '  Sentinels         3; they are told right after the promotion',
      '  canary            writes to a key segue:canary:… meanwhile, and deletes it (--no-canary)',
      '  journal           /j',
    ]);
  });
});

describe('the result', () => {
  it('begins with the sentence, and then has the numbers', () => {
    expect(storyLines(story(), plain)).toEqual([
      '  10.0.0.2:6379 took over from 10.0.0.1:6379 in 2.00 ms; of 1,053 writes made meanwhile none was lost, doubled or reordered.',
      '',
      '  no node writable    2.0 ms',
      '  clients on Segue    12 sessions in 2 processes held',
      '  old primary         follows, by partial resync',
      '  longest test write  5.1 ms, usually 0.3 ms',
      '  errors given        2 × READONLY by 10.0.0.1:6379',
    ]);
  });

  it('says what did not go as it should', () => {
    const base = story();
    const report = base.switch!;
    const hold = { ...report.sessions.hold!, late: 1, missing: 1 };
    const fence = { ...report.fence, armed: false, notes: ['CONFIG SET is not allowed'] };
    const sentinel = {
      sentinel: 's:1',
      vouched: false,
      service: 'm',
      from: 'a',
      to: 'b',
      outcome: 'failed',
      note: 'no answer',
    } as const;
    const told = {
      ...base,
      sentinels: [sentinel],
      switch: { ...report, fence, sessions: { hold }, notes: ['look here'] },
    };
    const text = storyLines(told, plain).join('\n');
    expect(text).toContain('12 sessions in 2 processes held, 1 session late, 1 silent');
    expect(text).toContain('not armed: CONFIG SET is not allowed');
    expect(text).toContain('s:1 could not be told: no answer');
    expect(text).toContain('look here');
  });

  it('has no numbers where nothing was begun', () => {
    expect(storyLines(story({ outcome: 'refused' }), plain)).toHaveLength(1);
  });
});

describe('steps', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function view(canRedraw: boolean): { view: StepView; text: () => string } {
    let text = '';
    const err = { write: (part: string) => (text += part) };
    const terminal = { err, errStyle: plain, canRedraw } as unknown as Terminal;
    return { view: new StepView(terminal), text: () => text };
  }

  it('are a line each where there is no terminal', () => {
    const { view: steps, text } = view(false);
    steps.ended({ name: 'connect', startedMs: 0, durationMs: 1.25 });
    steps.ended({ name: 'catch-up', startedMs: 0, durationMs: 1_500, error: 'it is behind' });
    steps.note('interrupted');
    steps.close();
    expect(text()).toBe('  ✓ connect       1.3 ms\n  ✗ catch-up       1.5 s  it is behind\n  ! interrupted\n');
  });

  it('show on a terminal that something goes on, and clear it away again', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const { view: steps, text } = view(true);
    vi.advanceTimersByTime(300);
    expect(text()).toBe('');
    vi.advanceTimersByTime(300);
    expect(text()).toContain('▸ working, 600 ms');
    steps.close();
    expect(text().endsWith('\r\u001b[2K')).toBe(true);
  });
});
