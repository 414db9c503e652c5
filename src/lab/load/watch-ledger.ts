import { deliveryOf } from './outcome.js';
import { complain, newVerdict, type Verdict } from './verdict.js';

/**
 * The account of a counter that several clients raise by WATCH, GET, MULTI, SET value + 1, RPUSH value + 1, EXEC. If no
 * transaction committed although the key had changed, the list reads 1, 2, 3, … and its length is the counter.
 */
export class WatchLedger {
  private committed = 0;
  private uncertain = 0;
  private open = 0;
  /** Transactions that answered nil, as they should when somebody else was faster. */
  conflicts = 0;

  sent(): void {
    this.open += 1;
  }

  answered(committed: boolean): void {
    this.open -= 1;
    if (committed) this.committed += 1;
    else this.conflicts += 1;
  }

  failed(error: Error): void {
    this.open -= 1;
    if (deliveryOf(error) === 'uncertain') this.uncertain += 1;
  }

  verify(counter: string | null, list: readonly string[]): Verdict {
    const verdict = newVerdict();
    verdict.checked = this.committed;
    for (const [index, value] of list.entries()) {
      if (Number(value) === index + 1) continue;
      complain(verdict, 'torn', `commit ${index + 1} wrote ${value}: it had not seen the one before`);
      break; // all that follow are off by the same
    }
    const final = Number(counter ?? 0);
    if (verdict.torn === 0 && final !== list.length)
      complain(verdict, 'torn', `counter ${final}, commits ${list.length}`);
    complain(verdict, 'lost', `${list.length} of ${this.committed} commits`, this.committed - list.length);
    const most = this.committed + this.uncertain;
    complain(verdict, 'doubled', `${list.length} commits, at most ${most} sent`, list.length - most);
    complain(verdict, 'unsettled', 'EXEC', this.open);
    return verdict;
  }
}
