import { encodeCommand } from '../resp/index.js';
import type { Upstream } from './outlet.js';

/**
 * Commands of the session's own, written past the ledger while nothing else is outstanding on a connection: their answers
 * come before those to all that the client says later.
 */
export class Asides {
  /** Answers that connections owe. Most sessions never need it. */
  #owed: WeakMap<Upstream, number> | undefined;

  /** `name`: (UN)SUBSCRIBE, of one channel: answered by one confirmation or error. */
  say(link: Upstream, name: 'SUBSCRIBE' | 'UNSUBSCRIBE', channel: string): void {
    this.#owed ??= new WeakMap();
    this.#owed.set(link, (this.#owed.get(link) ?? 0) + 1);
    link.write(encodeCommand([name, channel]));
  }

  /** An answer has come that may be to one of ours: returns whether `link` owed one. */
  settle(link: Upstream): boolean {
    const owed = this.#owed?.get(link) ?? 0;
    if (owed > 1) this.#owed?.set(link, owed - 1);
    else this.#owed?.delete(link);
    return owed > 0;
  }

  forget(link: Upstream): void {
    this.#owed?.delete(link);
  }
}
