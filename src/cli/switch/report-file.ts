import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { reportPage, type SwitchStory } from '../../switchover/report/index.js';
import { UsageError } from '../report-error.js';
import { type Screen, say } from '../terminal.js';

/**
 * A place that cannot be written to is found out before the switch, not after it.
 * @throws UsageError.
 */
export function claimReport(file: string): void {
  const isNew = !existsSync(file);
  try {
    writeFileSync(file, '', { flag: 'a' });
    if (isNew) rmSync(file);
  } catch (error) {
    throw new UsageError(`--report: cannot write the file: ${(error as Error).message}`);
  }
}

/** A disk that is full hides nothing of what has happened. */
export function writeReport(file: string, story: SwitchStory, err: Screen): void {
  try {
    writeFileSync(file, reportPage(story));
    say(err, `  report: ${file}`);
  } catch (error) {
    say(err, `  no report: ${(error as Error).message}`);
  }
}
