import type { Braid } from './braid.js';
import type { Phase } from './handover-phase.js';
import { Trail } from './trail.js';

export interface MessageMergeHost {
  /** Of messages that one stream has brought and the other has not. */
  readonly bytesMax: number;
  /** To the client. */
  deliver(frame: Buffer): void;
  now(): number;
  /** More than `bytesMax` lie between the streams. */
  tooFarApart(): void;
}

/** One stream of messages for the client, out of the one or two that nodes bring. */
export class MessageMerge {
  /** What the client has from the node before, and the one at hand may bring yet. */
  #trail: Trail | undefined;

  constructor(private readonly host: MessageMergeHost) {}

  /** On the session's own connection. */
  heard(frame: Buffer, phase: Phase): void {
    if (this.#isTrail(frame)) return;
    this.host.deliver(frame);
    const counts = phase.at === 'paired' || (phase.at === 'pairing' && phase.old.place === 'marked');
    if (!counts) return;
    phase.braid.old(frame);
    this.#checkBytes(phase.braid);
  }

  /** On the connection that the session is about to join. */
  heardAhead(frame: Buffer, phase: Phase): void {
    if (phase.at === 'apart') {
      this.host.deliver(frame);
      return;
    }
    // The old stream brings those before the marker.
    if (phase.young?.place !== 'marked' || !phase.braid.isNew(frame)) return;
    if (phase.at === 'paired' && phase.old === undefined) {
      this.host.deliver(frame);
      return;
    }
    phase.braid.keep(frame);
    this.#checkBytes(phase.braid);
  }

  /** The new stream is the session's own, and the old one is over. */
  conclude(braid: Braid): void {
    this.deliverKept(braid);
    if (braid.trails) this.#trail = new Trail(braid, this.host.now());
  }

  /** The old stream brings nothing more. */
  deliverKept(braid: Braid): void {
    for (const frame of braid.takeKept()) this.host.deliver(frame);
  }

  #isTrail(frame: Buffer): boolean {
    const isKnown = this.#trail?.isKnown(frame, this.host.now()) === true;
    if (this.#trail?.isOver === true) this.#trail = undefined;
    return isKnown;
  }

  #checkBytes(braid: Braid): void {
    if (braid.bytes > this.host.bytesMax) this.host.tooFarApart();
  }
}
