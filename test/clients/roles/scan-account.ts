import { newVerdict, type Verdict } from '../../../src/lab/load/index.js';
import { complain } from '../../../src/lab/load/verdict.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import type { ReportLine } from '../report-line.js';
import type { Account } from './account.js';

/** Keys that are there all the time: every whole SCAN must find all. */
export const scannedKeys = 1000;

export class ScanAccount implements Account {
  readonly #verdict = newVerdict();

  take(_role: string, { ack, keys }: ReportLine): void {
    if (ack === undefined) return;
    this.#verdict.checked += 1;
    const missed = scannedKeys - (keys ?? 0);
    complain(this.#verdict, 'lost', `SCAN number ${ack} missed ${missed} keys`, missed);
    complain(this.#verdict, 'ghosts', `SCAN number ${ack} found ${keys} keys of ${scannedKeys}`, -missed);
  }

  async verify(): Promise<Verdict> {
    return this.#verdict;
  }

  /** What is to be found. */
  static async prepare(primary: LabServer, prefix: string): Promise<void> {
    const pairs = Array.from({ length: scannedKeys }, (_, number) => [`${prefix}:scan:${number}`, 'here']);
    await primary.cli('MSET', ...pairs.flat());
  }
}
