import { deliveryOf } from './outcome.js';
import { complain, newVerdict, type Verdict } from './verdict.js';

const pending = 0;
const refused = -1;
const uncertain = -2;
/** Acknowledged, but the reply named no position in the list. */
const acked = -3;
/** Acknowledged by a primary that died before its replica had it. */
const gone = -4;

/**
 * The account of one list to which one writer appends numbered entries, in order, over one connection: what was sent, what
 * was promised, what is unknown. Compared with the list itself it shows every lost, doubled and reordered write.
 */
export class AppendLedger {
  /** By number: the list length that the reply promised (1 and up), or one of the constants above. */
  private states = new Int32Array(1024);
  private count = 0;
  private readonly live = newVerdict();

  constructor(readonly key: string) {}

  get issued(): number {
    return this.count;
  }

  get acknowledged(): number {
    return this.countOf((state) => state > 0 || state === acked);
  }

  get uncertain(): number {
    return this.countOf((state) => state === uncertain);
  }

  /** The next entry's number. From here on it must be settled exactly once. */
  issue(): number {
    if (this.count === this.states.length) {
      const larger = new Int32Array(this.count * 2);
      larger.set(this.states);
      this.states = larger;
    }
    this.count += 1;
    return this.count - 1;
  }

  /** The text that is appended for a number: it names its list, so that a write to a wrong list is seen there. */
  entry(number: number): string {
    return `${this.key}#${number}`;
  }

  /** `position` is the reply of RPUSH: the length of the list, that is the entry's place in it, counted from 1. */
  ack(number: number, position?: unknown): void {
    if (position !== undefined && !(Number.isInteger(position) && (position as number) > 0)) {
      complain(this.live, 'misanswered', `${this.entry(number)} was answered with ${String(position)}`);
      this.settle(number, acked);
    } else {
      this.settle(number, (position as number | undefined) ?? acked);
    }
  }

  fail(number: number, error: Error): void {
    this.settle(number, deliveryOf(error) === 'refused' ? refused : uncertain);
  }

  /**
   * The primary died, and `list` is what the replica that takes over has. What it has acknowledged and not replicated is
   * lost by nobody's fault but asynchronous replication's; from now on it must stay away. Returns how much that is.
   */
  survive(list: readonly string[]): number {
    const present = new Set(list);
    let sum = 0;
    for (let number = 0; number < this.count; number += 1) {
      const state = this.states[number]!;
      if ((state <= 0 && state !== acked) || present.has(this.entry(number))) continue;
      this.states[number] = gone;
      sum += 1;
    }
    return sum;
  }

  private settle(number: number, state: number): void {
    if (this.states[number] !== pending) complain(this.live, 'misanswered', `${this.entry(number)} was settled twice`);
    this.states[number] = state;
  }

  private countOf(test: (state: number) => boolean): number {
    let sum = 0;
    for (let number = 0; number < this.count; number += 1) if (test(this.states[number]!)) sum += 1;
    return sum;
  }

  /** Compares the account with the list, after the last write. Pure: may be asked for every node that has a copy. */
  verify(list: readonly string[]): Verdict {
    const verdict = newVerdict();
    const places = this.placesOf(list, verdict);
    for (let number = 0; number < this.count; number += 1) {
      const state = this.states[number]!;
      const place = places[number]!;
      verdict.checked += 1;
      if (state === pending) complain(verdict, 'unsettled', this.entry(number));
      if (place > 0 && (state === refused || state === gone)) {
        complain(verdict, 'ghosts', `${this.entry(number)} was ${state === gone ? 'gone' : 'refused'} and is there`);
      }
      if (place === 0 && (state > 0 || state === acked)) complain(verdict, 'lost', this.entry(number));
      // A promised place is only worth checking as long as nothing else is wrong before it.
      if (place > 0 && state > 0 && state !== place && verdict.doubled + verdict.lost + verdict.reordered === 0) {
        complain(verdict, 'misanswered', `${this.entry(number)} is at ${place} and was promised ${state}`);
      }
    }
    complain(verdict, 'misanswered', this.live.notes[0] ?? '', this.live.misanswered);
    return verdict;
  }

  /** By number, the first place in the list (from 1; 0: not there). Counts what is there twice, too early or wrongly. */
  private placesOf(list: readonly string[], verdict: Verdict): Int32Array {
    const places = new Int32Array(this.count);
    const prefix = `${this.key}#`;
    let highest = -1;
    for (let index = 0; index < list.length; index += 1) {
      const text = list[index]!;
      const number = text.startsWith(prefix) ? Number(text.slice(prefix.length)) : Number.NaN;
      if (!Number.isInteger(number) || number < 0 || number >= this.count) {
        complain(verdict, 'ghosts', `${this.key} holds ${text.slice(0, 60)}, which was never sent`);
      } else if (places[number] !== 0) {
        complain(verdict, 'doubled', `${text} at ${places[number]} and ${index + 1}`);
      } else {
        places[number] = index + 1;
        if (number < highest) complain(verdict, 'reordered', `${text} stands after number ${highest}`);
        highest = Math.max(highest, number);
      }
    }
    return places;
  }
}
