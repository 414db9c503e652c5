import { newVerdict, type Verdict } from '../../../src/lab/load/index.js';
import { complain } from '../../../src/lab/load/verdict.js';
import type { ReportLine } from '../report-line.js';
import type { Account } from './account.js';

/** Not every library tells when it is subscribed: what a listener is owed begins with the first message that it heard. */
interface Listener {
  first: number | undefined;
  next: number;
}

/** One publisher of numbers, a listener by channel and one by pattern. Each must hear all numbers, once and in order. */
export class NewsAccount implements Account {
  readonly #verdict = newVerdict();
  readonly #listeners = new Map<string, Listener>();
  #published = 0;
  #failed = 0;

  take(role: string, line: ReportLine): void {
    if (role === 'publish') {
      if (line.ack !== undefined || line.fail !== undefined) this.#published = (line.ack ?? line.fail)! + 1;
      if (line.fail !== undefined) this.#failed += 1;
    } else if (line.ready !== undefined) {
      this.#listeners.set(role, { first: undefined, next: 0 });
    } else if (line.heard !== undefined) {
      this.#hear(role, Number(line.heard));
    }
  }

  #hear(role: string, number: number): void {
    const listener = this.#listeners.get(role)!;
    this.#verdict.checked += 1;
    if (listener.first === undefined) {
      listener.first = number;
    } else {
      const skipped = number - listener.next;
      complain(this.#verdict, 'lost', `${role} heard ${number} after ${listener.next - 1}`, skipped);
      if (skipped === -1) complain(this.#verdict, 'doubled', `${role} heard ${number} twice`);
      else if (skipped < 0) complain(this.#verdict, 'reordered', `${role} heard ${number} after ${listener.next - 1}`);
    }
    listener.next = Math.max(listener.next, number + 1);
  }

  async verify(): Promise<Verdict> {
    for (const [role, { first, next }] of this.#listeners) {
      if (first === undefined) complain(this.#verdict, 'unsettled', `${role} heard nothing`);
      complain(this.#verdict, 'lost', `${role} did not hear the end`, this.#published - this.#failed - next);
    }
    return this.#verdict;
  }
}
