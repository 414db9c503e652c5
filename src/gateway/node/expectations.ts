import type { Nature } from './command.js';
import { PLAIN, type Role } from './role.js';

/** What the node is to answer next, and what is to become of it. */
export type Expectation =
  /** For the client, as it is or as the rules say. */
  | { readonly as: 'reply'; readonly nature: Nature; readonly role: Role }
  /** To the MULTI around a command that shall not be executed. */
  | { readonly as: 'opened' }
  /** To the command itself: its own error, or REDIRECT. */
  | { readonly as: 'judged' }
  /** To the DISCARD behind it. */
  | { readonly as: 'closed' }
  /** To the DISCARD that went out instead of an EXEC. */
  | { readonly as: 'discarded'; readonly saying: 'abort' | 'redirect' | 'nil' }
  /** To a command that makes a new connection what the old one was. */
  | { readonly as: 'restored'; readonly essential: boolean; readonly last: boolean };

const plain = (nature: Nature): Expectation => ({ as: 'reply', nature, role: PLAIN });

/** One for all: most commands need no more. */
const PLAINS: Record<Nature, Expectation> = {
  local: plain('local'),
  read: plain('read'),
  write: plain('write'),
  stray: plain('stray'),
};

const RUNS_LOOKED_AT = 64;

/** The answers that a node owes, in order; equal plain ones are counted, not listed. */
export class Expectations {
  #runs: { what: Expectation; count: number }[] = [];
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get head(): Expectation | undefined {
    return this.#runs[this.#head]?.what;
  }

  /** How many of the next answers need no look as long as they are no errors; at least that many. */
  get plain(): number {
    let count = 0;
    const end = Math.min(this.#runs.length, this.#head + RUNS_LOOKED_AT);
    for (let i = this.#head; i < end; i++) {
      const run = this.#runs[i]!;
      if (run.what !== PLAINS.local && run.what !== PLAINS.read && run.what !== PLAINS.write) break;
      count += run.count;
    }
    return count;
  }

  pushPlain(nature: Nature): void {
    this.push(PLAINS[nature]);
  }

  push(what: Expectation): void {
    this.#count++;
    const last = this.#runs.length > this.#head ? this.#runs[this.#runs.length - 1]! : undefined;
    if (last?.what === what && what === PLAINS[natureOf(what)]) last.count++;
    else this.#runs.push({ what, count: 1 });
  }

  /** `count` answers have come. */
  settle(count: number): void {
    this.#count -= count;
    for (let left = count; left > 0; ) {
      const run = this.#runs[this.#head]!;
      const taken = Math.min(left, run.count);
      run.count -= taken;
      left -= taken;
      if (run.count === 0) this.#head++;
    }
    if (this.#head === this.#runs.length || this.#head > 1024) {
      this.#runs = this.#runs.slice(this.#head);
      this.#head = 0;
    }
  }
}

function natureOf(what: Expectation): Nature {
  return what.as === 'reply' ? what.nature : 'local';
}
