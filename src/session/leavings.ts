import type { Crew } from './crew.js';
import type { Primary } from './state.js';
import { resolveProvisional } from './uncertain.js';
import type { Verdict } from './verdict.js';

type Fate = 'answered' | 'run-again';

/** What becomes of the commands that a node which was left has not answered, or not for good. */
export class Leavings<P extends Primary> {
  /** Commands before this index have been sent before. */
  #sent = 0;
  #discarded = 0;

  constructor(private readonly crew: Crew<P>) {}

  /** The connection is gone with answers outstanding. */
  lost(node: string): void {
    const { inlet } = this.crew;
    if (inlet.exposed) this.crew.end('the connection was lost in the middle of a reply');
    else this.tellUncertain(node, inlet.lost(node, this.#retry));
  }

  /** All that is not settled is to be sent again, elsewhere. */
  rewind(node: string): void {
    const { book, inlet, intake } = this.crew;
    const watching = book.watching;
    this.#sent = Math.max(this.#sent, book.ledger.sent);
    this.#discarded += inlet.discarded;
    book.watching = false;
    book.rewind();
    inlet.forget();
    if (watching) this.crew.ports.onEvent({ type: 'watch-lost', node });
    this.tellUncertain(node, intake.rewound(watching), 'answered');
    book.tidy();
  }

  /** It is known what the provisional answers of `node` are worth. */
  resolve(node: string, verdict: Verdict): void {
    const { again, uncertain } = resolveProvisional(this.crew.book, verdict, node, this.#retry);
    this.#discarded += again;
    this.tellUncertain(node, uncertain);
  }

  tellUncertain(node: string, commands: number, fate: Fate = this.#retry ? 'run-again' : 'answered'): void {
    if (commands > 0) this.crew.ports.onEvent({ type: 'uncertain', node, commands, fate });
  }

  /** What it all comes to, once a node was joined where the rest is sent again. From then on it is counted anew. */
  takeCounts(): { replayed: number; discarded: number; swallowed: number } {
    const { given, ledger } = this.crew.book;
    let replayed = 0;
    for (let index = ledger.base; index < Math.min(this.#sent, ledger.tail); index++) {
      const entry = ledger.notes === 0 ? undefined : ledger.note(index);
      if (entry?.answer === undefined || entry.resend) replayed++;
    }
    const counts = { replayed, discarded: this.#discarded, swallowed: Math.max(0, given - ledger.base) };
    this.#sent = 0;
    this.#discarded = 0;
    return counts;
  }

  get #retry(): boolean {
    return this.crew.options.onUncertain === 'retry';
  }
}
