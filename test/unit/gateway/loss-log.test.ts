import { expect, it } from 'vitest';
import { silent } from '../../../src/gateway/log.js';
import { LossLog } from '../../../src/gateway/loss-log.js';
import type { SessionEvent } from '../../../src/session/index.js';
import type { Timer } from '../../../src/transport/index.js';

/** A log whose second is over when the test says so. */
function gathering() {
  const lines: object[] = [];
  const due: (() => void)[] = [];
  const clock = {
    now: () => 0,
    setTimer: (ms: number, fn: () => void): Timer => ({ id: due.push(fn) && ms }),
    clearTimer: () => {},
  };
  const losses = new LossLog({ ...silent, warn: (fields) => lines.push(fields) }, clock);
  const over = () => {
    for (const fire of due.splice(0)) fire();
  };
  return { losses, lines, over };
}

const resubscribed = (reason: string): SessionEvent => ({
  type: 'resubscribed',
  node: 'a:1',
  subscriptions: 2,
  reason,
  gapMs: 3,
});

it('the same loss of many sessions is one line, and another cause another', () => {
  const { losses, lines, over } = gathering();
  for (let count = 0; count < 3; count++) losses.take('apps', resubscribed('gone'));
  losses.take('apps', resubscribed('late'));
  losses.take('apps', { type: 'uncertain', node: 'a:1', commands: 2, fate: 'answered' });
  losses.take('apps', { type: 'uncertain', node: 'a:1', commands: 5, fate: 'answered' });
  losses.take('other', { type: 'given-up', code: 'HOLDTIMEOUT', commands: 1 });
  expect(lines).toEqual([]);
  over();
  expect(lines).toEqual([
    { listener: 'apps', loss: 'resubscribed', node: 'a:1', reason: 'gone', sessions: 3 },
    { listener: 'apps', loss: 'resubscribed', node: 'a:1', reason: 'late', sessions: 1 },
    { listener: 'apps', loss: 'uncertain', node: 'a:1', sessions: 2, commands: 7 },
    { listener: 'other', loss: 'given-up', reason: 'HOLDTIMEOUT', sessions: 1, commands: 1 },
  ]);
});

it('what costs nobody anything is no line', () => {
  const { losses, lines, over } = gathering();
  losses.take('apps', { type: 'uncertain', node: 'a:1', commands: 2, fate: 'run-again' });
  losses.take('apps', { type: 'watch-lost', node: 'a:1' });
  over();
  losses.flush();
  expect(lines).toEqual([]);
});

it('lines are bounded, and what is left at the end is written', () => {
  const { losses, lines } = gathering();
  for (let count = 0; count < 500; count++) losses.take('apps', resubscribed(`reason ${count}`));
  losses.flush();
  expect(lines.length).toBe(50);
});
