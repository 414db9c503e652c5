import { randomBytes } from 'node:crypto';
import { type Beacon, MARKER_PREFIX } from '../session/index.js';
import type { Topology } from '../topology/index.js';

type Publisher = Pick<Topology, 'ask'>;

/**
 * Publishes markers for the sessions of a pair in this process, over the topology's connection to the primary: in RESP2 a
 * subscribed connection may not. All sessions that ask in one turn of the event loop get the same marker.
 */
export class MarkerBeacon {
  readonly #channel = `${MARKER_PREFIX}${randomBytes(8).toString('hex')}`;
  #count = 0;
  #waiting: ((reason: string) => void)[] = [];

  /** The beacon of a session whose topology this is. */
  on(topology: Publisher): Beacon {
    return { channel: this.#channel, light: (refused) => this.#light(topology, refused) };
  }

  #light(topology: Publisher, refused: (reason: string) => void): string {
    if (this.#waiting.length === 0) setImmediate(() => this.#publish(topology));
    this.#waiting.push(refused);
    return String(this.#count + 1);
  }

  #publish(topology: Publisher): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#count++;
    topology.ask(['PUBLISH', this.#channel, this.#count]).catch((error: Error) => {
      for (const refused of waiting) refused(error.message);
    });
  }
}
