import { readdirSync, readFileSync } from 'node:fs';

/**
 * Processor time that all threads of a process have had so far, in microseconds. NaN where the system does not tell (no
 * Linux), or when the process is gone.
 */
export function processorTimeUs(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.reduce((sum, task) => sum + taskTimeUs(`/proc/${pid}/task/${task}`), 0);
  } catch {
    return Number.NaN;
  }
}

/** A thread that has ended between listing and reading has had its time, but not in the span that is measured. */
function taskTimeUs(folder: string): number {
  try {
    return Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return 0;
  }
}

/** Resident memory of a process. NaN where the system does not tell. */
export function residentBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1024;
  } catch {
    return Number.NaN;
  }
}
