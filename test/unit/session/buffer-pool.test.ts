import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../src/session/buffer-pool.js';

const SIZE = 1000;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  // What a weak reference has given out in this turn is not collected before it ends.
  await nextTurn();
  (runInNewContext('gc') as () => void)();
  await nextTurn();
}

/** As many at once. */
function crowd(pool: BufferPool, buffers: number): Buffer[] {
  return Array.from({ length: buffers }, () => pool.take());
}

describe('a pool of buffers', () => {
  it('gives out buffers of its size, and none twice', () => {
    const pool = new BufferPool(SIZE, 2);
    for (const buffer of crowd(pool, 5)) pool.give(buffer);
    const buffers = crowd(pool, 8);
    expect(buffers.map(({ length }) => length)).toEqual(new Array(8).fill(SIZE));
    expect(new Set(buffers).size).toBe(8);
  });

  it('uses again what a crowd has given back, also past what it keeps', () => {
    const pool = new BufferPool(SIZE, 2);
    const before = crowd(pool, 50);
    for (const buffer of before) pool.give(buffer);
    expect(new Set(crowd(pool, 50))).toEqual(new Set(before));
  });

  it('keeps for good only so many', async () => {
    const pool = new BufferPool(SIZE, 2);
    const serials = new WeakMap<Buffer, number>();
    (() => {
      for (const [serial, buffer] of crowd(pool, 50).entries()) {
        serials.set(buffer, serial);
        pool.give(buffer);
      }
    })();
    await collect();
    expect(crowd(pool, 50).filter((buffer) => serials.has(buffer)).length).toBe(2);
  });
});
