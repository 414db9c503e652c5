import { randomBytes } from 'node:crypto';
import { type Beacon, MARKER_PREFIX } from '../session/index.js';
import { type Topology, TopologyError } from '../topology/index.js';

type Publisher = Pick<Topology, 'ask'>;

/**
 * Publishes markers for the sessions of a pair in this process, over the topology's connection to the primary: in RESP2 a
 * subscribed connection may not. All sessions that ask in one turn of the event loop get the same marker.
 */
export class MarkerBeacon {
  readonly #channel = `${MARKER_PREFIX}${randomBytes(8).toString('hex')}`;
  #count = 0;
  #waiting: { readonly topology: Publisher; readonly refused: (reason: string) => void }[] = [];

  /** The beacon of a session whose topology this is. */
  on(topology: Publisher): Beacon {
    return { channel: this.#channel, light: (refused) => this.#light(topology, refused) };
  }

  #light(topology: Publisher, refused: (reason: string) => void): string {
    if (this.#waiting.length === 0) setImmediate(() => this.#publish());
    this.#waiting.push({ topology, refused });
    return String(this.#count + 1);
  }

  #publish(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#count++;
    const topologies = new Set(waiting.map(({ topology }) => topology));
    this.#publishBy(topologies, this.#count).catch((error: Error) => {
      for (const { refused } of waiting) refused(error.message);
    });
  }

  /** One of them may have been released since it was asked for: the others' sessions are not to suffer. */
  async #publishBy(topologies: Iterable<Publisher>, count: number): Promise<void> {
    let released: unknown;
    for (const topology of topologies) {
      try {
        await topology.ask(['PUBLISH', this.#channel, count]);
        return;
      } catch (error) {
        if (!(error instanceof TopologyError && error.code === 'SEGUE_TOPOLOGY_RELEASED')) throw error;
        released = error;
      }
    }
    throw released;
  }
}
