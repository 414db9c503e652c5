import { sameMessage } from './pubsub-frame.js';

/** A message that is not among the next ones of the other stream is in that stream alone. */
const SEARCH_MAX = 64;

/** Messages in their order, each with its bytes. */
class Strand {
  readonly frames: Buffer[] = [];
  bytes = 0;

  add(frame: Buffer): void {
    this.frames.push(frame);
    this.bytes += frame.length;
  }

  /**
   * Takes this message out. Those before it will not be met any more, except that one message may come once for each
   * pattern that it matches, and no two nodes go through the patterns in the same order.
   */
  take(frame: Buffer): boolean {
    const { frames } = this;
    const at = frames.findIndex((other, index) => index < SEARCH_MAX && other.equals(frame));
    if (at < 0) return false;
    const kept = frames.slice(0, at).filter((other) => sameMessage(other, frame));
    for (const gone of frames.splice(0, at + 1, ...kept)) this.bytes -= gone.length;
    for (const other of kept) this.bytes += other.length;
    return true;
  }

  clear(): void {
    this.frames.length = 0;
    this.bytes = 0;
  }
}

/**
 * The same messages, in the same order, on two connections: an old and a new one, from one message on that is known on
 * both. Whichever connection brings a message first, it is given to the client once; either may end at any time.
 */
export class Braid {
  /** Given to the client from the old stream; the new one has yet to bring them. */
  readonly #ahead = new Strand();
  /** Brought by the new stream alone so far. */
  readonly #kept = new Strand();

  get bytes(): number {
    return this.#ahead.bytes + this.#kept.bytes;
  }

  /** The new stream has yet to bring something that the client has. */
  get trails(): boolean {
    return this.#ahead.frames.length > 0;
  }

  /** The old stream brings this, and it is given to the client. */
  old(frame: Buffer): void {
    if (!this.#kept.take(frame)) this.#ahead.add(frame);
  }

  /** The new stream brings this. False: the client has it. */
  isNew(frame: Buffer): boolean {
    return !this.#ahead.take(frame);
  }

  /** The client may get it from the old stream yet. */
  keep(frame: Buffer): void {
    this.#kept.add(frame);
  }

  /** What the old stream has not brought, and will not. The receiver's from now on. */
  takeKept(): Buffer[] {
    const frames = [...this.#kept.frames];
    this.#kept.clear();
    return frames;
  }
}
