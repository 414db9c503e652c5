import type { Clock } from '../../transport/index.js';

/** Who has waited for so long is called though there is no room: others who come all the time must not keep him out. */
const PATIENCE_MS = 100;

/** Those who wait until a trunk has room, in the order in which they came. */
export class WaitingRoom<C> {
  /** Clock times. */
  readonly #since = new Map<C, number>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  get isEmpty(): boolean {
    return this.#since.size === 0;
  }

  /** Who is there keeps his place. */
  enter(client: C): void {
    if (!this.#since.has(client)) this.#since.set(client, this.clock.now());
  }

  leave(client: C): void {
    this.#since.delete(client);
  }

  clear(): void {
    this.#since.clear();
  }

  /** Lets go of those who have waited longest: as many as there are places, and who has no patience any more. */
  call(places: number): C[] {
    const now = this.clock.now();
    const called: C[] = [];
    for (const [client, since] of this.#since) {
      if (called.length >= places && now - since < PATIENCE_MS) break;
      called.push(client);
    }
    for (const client of called) this.#since.delete(client);
    return called;
  }
}
