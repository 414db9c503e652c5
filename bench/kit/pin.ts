import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';

/** False where the system cannot pin: no Linux `taskset`, not allowed, or one core only. */
function taskset(which: '-apc' | '-pc', core: number, id: string): boolean {
  if (process.platform !== 'linux' || cpus().length < 2) return false;
  return spawnSync('taskset', [which, String(core), id], { stdio: 'ignore' }).status === 0;
}

/** Puts the calling thread, and no other one of the process, on one core. */
export function pinThread(core: number): boolean {
  // It leads to `<process>/task/<thread>`.
  return process.platform === 'linux' && taskset('-pc', core, basename(readlinkSync('/proc/thread-self')));
}

/** In words. */
export const NOT_PINNED = 'not pinned (needs Linux with taskset, and two cores)';

/**
 * The servers on core 0, this process on core 1, so that the system does not move them about between two rounds. Resolves
 * with what became of it, in words.
 */
export function pinApart(servers: readonly number[]): string {
  const pin = (pid: number, core: number) => taskset('-apc', core, String(pid));
  const pinned = servers.every((pid) => pin(pid, 0)) && pin(process.pid, 1);
  return pinned ? 'servers on core 0, clients on core 1' : NOT_PINNED;
}
