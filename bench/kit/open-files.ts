import { readFileSync } from 'node:fs';

/** Files and sockets that one process may have open: Node and the servers take all of it by themselves. */
export function openFilesMax(): number {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8');
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
    return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
