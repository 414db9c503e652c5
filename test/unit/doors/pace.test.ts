import { expect, test } from 'vitest';
import { IdleQueue } from '../../../src/doors/idle-queue.js';
import { piecesPerTurn } from '../../../src/doors/pace.js';
import { manualClock } from '../../../src/transport/index.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([
  [0, 1],
  [3.9, 1],
  [4, 2],
  [15, 7],
  [1000, 500],
  [10_000, 512],
])('after a turn of %d ms: %i pieces', (turnMs, pieces) => {
  expect(piecesPerTurn(turnMs)).toBe(pieces);
});

test('a queue does one piece per turn, in order', async () => {
  const queue = new IdleQueue(0, manualClock());
  const done: number[] = [];
  for (let piece = 0; piece < 5; piece++) queue.add(() => done.push(piece));
  for (let turns = 1; turns <= 5; turns++) {
    await turn();
    expect(done).toEqual([0, 1, 2, 3, 4].slice(0, turns));
  }
});

test('with a budget it does as much as that allows', async () => {
  const time = manualClock();
  const queue = new IdleQueue(2, time);
  let done = 0;
  const work = () => {
    done++;
    time.advance(0.5);
  };
  for (let piece = 0; piece < 6; piece++) queue.add(work);
  await turn();
  expect(done).toBe(4);
  await turn();
  expect(done).toBe(6);
});

test('of a long turn it takes its part, or a busy process would never come to the end', async () => {
  const time = manualClock();
  const queue = new IdleQueue(2, time);
  let done = 0;
  const work = () => {
    done++;
    time.advance(10);
  };
  for (let piece = 0; piece < 100; piece++) queue.add(work);
  time.advance(200);
  await turn();
  // One per 2 ms of the turn.
  expect(done).toBe(100);
});
