import type { Braid } from './braid.js';
import type { Crew } from './crew.js';
import type { Phase } from './handover-phase.js';
import type { Primary } from './state.js';
import { Trail } from './trail.js';

export interface MessageMergeHost {
  /** More than `handoverBytesMax` lie between the streams. */
  tooFarApart(): void;
}

/** One stream of messages for the client, out of the one or two that nodes bring. */
export class MessageMerge {
  /** What the client has from the node before, and the one at hand may bring yet. */
  #trail: Trail | undefined;

  constructor(
    private readonly crew: Crew<Primary>,
    private readonly host: MessageMergeHost,
  ) {}

  /** On the session's own connection. */
  heard(frame: Buffer, phase: Phase): void {
    if (this.#isTrail(frame)) return;
    this.crew.ports.deliver(frame);
    const counts = phase.at === 'paired' || (phase.at === 'pairing' && phase.old.place === 'marked');
    if (!counts) return;
    phase.braid.old(frame);
    this.#checkBytes(phase.braid);
  }

  /** On the connection that the session is about to join. */
  heardAhead(frame: Buffer, phase: Phase): void {
    if (phase.at === 'apart') {
      this.crew.ports.deliver(frame);
      return;
    }
    // The old stream brings those before the marker.
    if (phase.young?.place !== 'marked' || !phase.braid.isNew(frame)) return;
    if (phase.at === 'paired' && phase.old === undefined) {
      this.crew.ports.deliver(frame);
      return;
    }
    phase.braid.keep(frame);
    this.#checkBytes(phase.braid);
  }

  /** The new stream is the session's own, and the old one is over. */
  conclude(braid: Braid): void {
    this.deliverKept(braid);
    if (braid.trails) this.#trail = new Trail(braid, this.crew.ports.now());
  }

  /** The old stream brings nothing more. */
  deliverKept(braid: Braid): void {
    for (const frame of braid.takeKept()) this.crew.ports.deliver(frame);
  }

  #isTrail(frame: Buffer): boolean {
    const isKnown = this.#trail?.isKnown(frame, this.crew.ports.now()) === true;
    if (this.#trail?.isOver === true) this.#trail = undefined;
    return isKnown;
  }

  #checkBytes(braid: Braid): void {
    if (braid.bytes > this.crew.options.handoverBytesMax) this.host.tooFarApart();
  }
}
