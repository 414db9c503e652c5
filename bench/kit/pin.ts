import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Puts all threads of a process on one core. False where the system cannot (no Linux `taskset`, not allowed). */
function pin(pid: number, core: number): boolean {
  return spawnSync('taskset', ['-apc', String(core), String(pid)], { stdio: 'ignore' }).status === 0;
}

/**
 * The servers on core 0, this process on core 1, so that the system does not move them about between two rounds. Resolves
 * with what became of it, in words.
 */
export function pinApart(servers: readonly number[]): string {
  if (process.platform !== 'linux' || cpus().length < 2) return 'not pinned (needs Linux and two cores)';
  const pinned = servers.every((pid) => pin(pid, 0)) && pin(process.pid, 1);
  return pinned ? 'servers on core 0, clients on core 1' : 'not pinned (taskset is missing or not allowed)';
}
