import { deliveryOf } from './outcome.js';
import { complain, newVerdict, type Verdict } from './verdict.js';

/** The account of one counter that one writer increments, in order, over one connection. */
export class CounterLedger {
  private issuedCount = 0;
  private acked = 0;
  private uncertain = 0;
  private settled = 0;
  private last = 0;
  private readonly live = newVerdict();

  constructor(readonly key: string) {}

  issue(): void {
    this.issuedCount += 1;
  }

  /** `value` is the reply of INCR. Replies come in order, so each must be higher than the one before. */
  ack(value: unknown): void {
    this.settled += 1;
    this.acked += 1;
    if (typeof value !== 'number' || value <= this.last) {
      complain(this.live, 'misanswered', `${this.key}: ${String(value)} after ${this.last}`);
    } else {
      const least = this.acked;
      if (value < least) complain(this.live, 'lost', `${this.key}: reply ${value} to the ${least}th increment`);
      this.last = value;
    }
  }

  fail(error: Error): void {
    this.settled += 1;
    if (deliveryOf(error) === 'uncertain') this.uncertain += 1;
  }

  /**
   * The primary died, and `value` is what the replica that takes over has. Increments that were acknowledged and not
   * replicated are forgiven; counting goes on from there. Returns how many.
   */
  survive(value: string | null): number {
    const kept = value === null ? 0 : Number(value);
    const most = this.acked + this.uncertain + this.issuedCount - this.settled;
    complain(this.live, 'doubled', `${this.key} is ${kept} after at most ${most} increments`, kept - most);
    const forgiven = Math.max(0, this.acked - kept);
    this.acked = kept;
    this.uncertain = 0;
    this.last = kept;
    return forgiven;
  }

  /** `value` is what GET says afterwards. */
  verify(value: string | null): Verdict {
    const verdict = newVerdict();
    const final = value === null ? 0 : Number(value);
    verdict.checked = this.acked;
    complain(verdict, 'lost', `${this.key} is ${final} after ${this.acked} increments`, this.acked - final);
    const most = this.acked + this.uncertain;
    complain(verdict, 'doubled', `${this.key} is ${final} after at most ${most} increments`, final - most);
    complain(verdict, 'unsettled', `INCR ${this.key}`, this.issuedCount - this.settled);
    complain(verdict, 'doubled', this.live.notes[0] ?? '', this.live.doubled);
    complain(verdict, 'misanswered', this.live.notes[0] ?? '', this.live.misanswered);
    if (verdict.lost === 0) complain(verdict, 'lost', this.live.notes[0] ?? '', this.live.lost);
    if (this.last > final && verdict.lost === 0) complain(verdict, 'lost', `${this.key} was ${this.last}, is ${final}`);
    return verdict;
  }
}
