import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../../src/lab/packages/fetch-lock.js';

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-lock-'));
  lock = join(folder, '.lock');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('withLock', () => {
  it('lets one in at a time, tells who waits, and leaves nothing', async () => {
    let inside = 0;
    let most = 0;
    const waits: number[] = [];
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map((who) => withLock(lock, work, () => waits.push(who))));
    expect(most).toBe(1);
    expect(waits).toHaveLength(2);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is released when the work fails', async () => {
    await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(lock)).toBe(false);
  });

  it('breaks the lock of a process that is gone', async () => {
    await mkdir(lock);
    await writeFile(join(lock, 'holder'), `2147483646 ${hostname()}`);
    expect(await withLock(lock, async () => 'in')).toBe('in');
    expect(await readdir(folder)).toEqual([]);
  });

  it('breaks a lock that nobody has touched for long', async () => {
    await mkdir(lock);
    await writeFile(join(lock, 'holder'), `${process.pid} ${hostname()}`);
    const longAgo = new Date(Date.now() - 10 * 60_000);
    await utimes(lock, longAgo, longAgo);
    expect(await withLock(lock, async () => 'in')).toBe('in');
  });
});
