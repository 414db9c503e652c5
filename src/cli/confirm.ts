import { createInterface } from 'node:readline/promises';
import { UsageError } from './report-error.js';
import type { Terminal } from './terminal.js';

/**
 * Asks whether to go on. Resolves with false for anything but y or yes, and when the user presses Ctrl-C.
 * @throws UsageError where nobody can be asked: then the command needs `--yes`.
 */
export async function confirm(question: string, { canAsk, interrupted }: Terminal): Promise<boolean> {
  if (!canAsk) throw new UsageError('nobody can be asked here, so --yes must say that it is wanted');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  // It reads Ctrl-C as a key; everybody else is to hear of it, too.
  dialogue.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} [y/N] `, { signal: interrupted })).trim());
  } catch {
    process.stderr.write('\n');
    return false;
  } finally {
    dialogue.close();
  }
}
