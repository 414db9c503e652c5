import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const heartbeatMs = 5_000;
/** A holder that did not touch its lock for this long is gone (or on another machine and gone). */
const staleMs = 30_000;
const retryMs = 100;

/**
 * Runs `work` while holding the folder `path` as a lock between processes. Waits for another holder as long as that
 * one lives, calling `onWait` once. The lock saves doubled work only; correctness rests on atomic renames.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait: () => void = () => {}): Promise<T> {
  let waited = false;
  while (!(await take(path))) {
    if (await isStale(path)) {
      await breakLock(path);
      continue;
    }
    if (!waited) onWait();
    waited = true;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { recursive: true, force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(path, 'holder'), `${process.pid} ${hostname()}`).catch(() => {});
  return true;
}

async function isStale(path: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > staleMs) return true;
    const [pid = '', host] = (await readFile(join(path, 'holder'), 'utf8')).split(' ');
    return host === hostname() && !isAlive(Number(pid)); // a pid of another machine or container says nothing here
  } catch {
    return false; // just released, or just taken and not signed yet: look again
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Renaming is atomic: of several who break one lock, one succeeds. */
async function breakLock(path: string): Promise<void> {
  const aside = `${path}.stale-${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { recursive: true, force: true });
}
