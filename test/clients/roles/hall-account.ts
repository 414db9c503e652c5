import { newVerdict, type Verdict } from '../../../src/lab/load/index.js';
import { complain } from '../../../src/lab/load/verdict.js';
import type { ReportLine } from '../report-line.js';
import type { Account } from './account.js';

/** Messages that are too many to be told one by one: the listeners look at their order themselves and tell what is wrong. */
export class HallAccount implements Account {
  readonly #verdict = newVerdict();

  take(_role: string, { finding, text = '', missing = 1, messages }: ReportLine): void {
    if (finding !== undefined) complain(this.#verdict, finding, text, missing);
    this.#verdict.checked += messages ?? 0;
  }

  async verify(): Promise<Verdict> {
    return this.#verdict;
  }
}
