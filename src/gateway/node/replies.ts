import { encodeError } from '../../resp/index.js';
import type { NodeHost } from './node-host.js';
import { OrderedAnswers } from './ordered-answers.js';
import type { Ruling } from './settle.js';
import type { Standing } from './standing.js';

/** A replica that nobody has ever seen follow anybody. */
const READONLY = encodeError('READONLY', "You can't write against a read only replica.");

/** What the client is told, in order, although the node may have to be asked what it is before one of the answers is known. */
export class Replies {
  readonly #answers: OrderedAnswers;

  constructor(
    private readonly host: Pick<NodeHost, 'watch' | 'redirect'>,
    send: (bytes: Buffer) => void,
    /** An answer that was waited for is known. */
    private readonly onFilled: () => void,
  ) {
    this.#answers = new OrderedAnswers(send);
  }

  get empty(): boolean {
    return this.#answers.empty;
  }

  /** Held back. */
  get bytes(): number {
    return this.#answers.bytes;
  }

  give(bytes: Buffer): void {
    this.#answers.give(bytes);
  }

  /** Carries out what `settle` says. */
  rule(ruling: Ruling): void {
    switch (ruling.give) {
      case 'nothing':
        return;
      case 'bytes':
        this.give(ruling.bytes);
        return;
      case 'rejoin':
      case 'redirect':
        this.redirect(ruling.otherwise);
        return;
      case 'verdict':
        this.#giveLater((standing) => (standing.role === 'replica' ? this.#redirectBy(standing) : ruling.otherwise));
        return;
    }
  }

  /** The node has refused as a replica; whom it follows is asked if that is not certain. */
  redirect(otherwise: Buffer = READONLY): void {
    const { watch } = this.host;
    const { standing } = watch;
    if (standing.role === 'replica') {
      this.give(this.host.redirect(standing.primary));
      return;
    }
    // Its place first: who hears of the suspicion may have something to say, too.
    this.#giveLater((now) => this.#redirectBy(now) ?? otherwise);
    watch.suspect();
  }

  #giveLater(answer: (standing: Standing) => Buffer | undefined): void {
    const slot = this.#answers.hold();
    this.host.watch.confirm(({ standing }) => {
      this.#answers.fill(slot, answer(standing) ?? READONLY);
      this.onFilled();
    });
  }

  #redirectBy(standing: Standing): Buffer | undefined {
    const primary = standing.role === 'replica' ? standing.primary : this.host.watch.named;
    return primary === undefined ? undefined : this.host.redirect(primary);
  }
}
