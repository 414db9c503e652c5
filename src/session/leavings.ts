import type { Crew } from './crew.js';
import type { Primary } from './state.js';
import { resolveProvisional } from './uncertain.js';
import type { Verdict } from './verdict.js';

/** What becomes of the commands that a node which was left has not answered, or not for good. */
export class Leavings<P extends Primary> {
  #replayed = 0;

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
    this.#replayed = book.ledger.sent - book.ledger.base;
    book.watching = false;
    book.rewind();
    inlet.forget();
    this.tellUncertain(node, intake.rewound(watching));
    book.tidy();
  }

  /** It is known what the provisional answers of `node` are worth. */
  resolve(node: string, verdict: Verdict): void {
    this.tellUncertain(node, resolveProvisional(this.crew.book, verdict, node, this.#retry));
  }

  tellUncertain(node: string, commands: number): void {
    if (commands > 0) this.crew.ports.onEvent({ type: 'uncertain', node, commands });
  }

  /** How many commands the last rewinding has put back; once. */
  takeReplayed(): number {
    const replayed = this.#replayed;
    this.#replayed = 0;
    return replayed;
  }

  get #retry(): boolean {
    return this.crew.options.onUncertain === 'retry';
  }
}
