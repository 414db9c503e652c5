import { expect, test } from 'vitest';
import { manualClock } from '../../../src/transport/index.js';

test('timers fire in order of time, then of creation, each at its own time', () => {
  const time = manualClock(100);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${time.now()}`);
  time.setTimer(20, note('b'));
  time.setTimer(10, note('a'));
  time.setTimer(20, note('c'));
  time.setTimer(31, note('late'));
  time.advance(30);
  expect(fired).toEqual(['a@110', 'b@120', 'c@120']);
  expect(time.now()).toBe(130);
  expect(time.pendingTimers).toBe(1);
});

test('a timer set by a timer fires in the same advance when due', () => {
  const time = manualClock();
  const at: number[] = [];
  time.setTimer(5, () => time.setTimer(5, () => at.push(time.now())));
  time.advance(10);
  expect(at).toEqual([10]);
});

test('a cleared timer does not fire; clearing twice or nothing is fine', () => {
  const time = manualClock();
  const timer = time.setTimer(5, () => expect.unreachable());
  time.clearTimer(timer);
  time.clearTimer(timer);
  time.clearTimer(undefined);
  expect(time.fireNext()).toBe(false);
  time.advance(10);
});

test('fireNext jumps to the next timer', () => {
  const time = manualClock();
  time.setTimer(7, () => {});
  expect(time.fireNext()).toBe(true);
  expect(time.now()).toBe(7);
});
