import { deliveryOf } from './outcome.js';
import { complain, newVerdict, type Verdict } from './verdict.js';

/** The account of one queue: a producer pushes numbered items, consumers pop them. Each item must arrive exactly once. */
export class QueueLedger {
  private readonly pushed: ('pending' | 'acked' | 'refused' | 'uncertain')[] = [];
  /** By consumer, the items in the order in which it got them. */
  private readonly popped: string[][] = [];
  private uncertainPops = 0;
  private openPops = 0;

  constructor(readonly key: string) {}

  issue(): number {
    return this.pushed.push('pending') - 1;
  }

  item(number: number): string {
    return `${this.key}#${number}`;
  }

  ack(number: number): void {
    this.pushed[number] = 'acked';
  }

  fail(number: number, error: Error): void {
    this.pushed[number] = deliveryOf(error);
  }

  addConsumer(): number {
    return this.popped.push([]) - 1;
  }

  popSent(): void {
    this.openPops += 1;
  }

  /** `item` is null when the pop timed out. */
  popAnswered(consumer: number, item: string | null): void {
    this.openPops -= 1;
    if (item !== null) this.popped[consumer]!.push(item);
  }

  /** An uncertain pop may have taken an item that nobody will ever see: each excuses one loss. */
  popFailed(error: Error): void {
    this.openPops -= 1;
    if (deliveryOf(error) === 'uncertain') this.uncertainPops += 1;
  }

  /** `rest` is what is left in the queue. */
  verify(rest: readonly string[]): Verdict {
    const verdict = newVerdict();
    verdict.checked = this.pushed.length;
    const times = new Uint32Array(this.pushed.length);
    for (const items of [...this.popped, rest]) this.count(items, times, verdict);
    let missing = 0;
    for (const [number, state] of this.pushed.entries()) {
      if (state === 'pending') complain(verdict, 'unsettled', this.item(number));
      if (state === 'refused' && times[number]! > 0) complain(verdict, 'ghosts', `${this.item(number)} was refused`);
      if (state === 'acked' && times[number] === 0) missing += 1;
    }
    complain(verdict, 'lost', `${missing} items of ${this.key} never arrived`, missing - this.uncertainPops);
    complain(verdict, 'unsettled', `BLPOP ${this.key}`, this.openPops);
    return verdict;
  }

  private count(items: readonly string[], times: Uint32Array, verdict: Verdict): void {
    let last = -1;
    for (const item of items) {
      const number = item.startsWith(`${this.key}#`) ? Number(item.slice(this.key.length + 1)) : Number.NaN;
      if (!(number in times)) {
        complain(verdict, 'ghosts', `${item.slice(0, 60)} in ${this.key}`);
        continue;
      }
      times[number]! += 1;
      if (times[number]! > 1) complain(verdict, 'doubled', item);
      else if (number < last) complain(verdict, 'reordered', `${item} after number ${last}`);
      last = Math.max(last, number);
    }
  }
}
