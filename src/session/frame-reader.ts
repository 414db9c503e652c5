import { type ReplyScanner, Stop } from '../resp/index.js';
import { Stash } from './stash.js';

/** Where the frames go. Every call may change what the next one finds, and may end the reading (`reading` false). */
export interface FrameSink {
  /** How many of the next frames may pass uninspected, in bulk. */
  readonly plain: number;
  /** False as soon as the rest of the chunk concerns nobody any more. */
  readonly reading: boolean;
  /** `count` plain frames have ended; `parts` are their bytes, in order. */
  pass(count: number, parts: readonly Buffer[]): void;
  /** One whole frame that needs a look: an error, a push, or the answer to a noted command. */
  look(frame: Buffer): void;
  /** Part of a plain frame too large to be kept until its end. */
  stream(part: Buffer): void;
}

/**
 * Cuts a connection's bytes into frames. The client never sees a part of a frame whose rest might not come, so the part
 * of a frame at the end of a chunk waits for the rest, up to `frameBytesMax`: by reference, until the chunk is let go.
 */
export class FrameReader {
  /** The beginning of the frame at hand. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** The frame at hand is to be looked at. */
  #looking = false;
  #streaming = false;
  /** Where parts are that have been let go. */
  readonly #stash = new Stash();
  /** Some of them have been passed on. */
  #passed = false;

  constructor(
    private readonly scanner: ReplyScanner,
    private readonly frameBytesMax: number,
  ) {}

  /**
   * Nobody refers to what was passed on so far. Returns whether the chunk that was read last may change from now on: what is
   * kept of it is copied, unless that is much.
   */
  letGo(): boolean {
    this.#passed = false;
    const last = this.#parts.length - 1;
    // Those before it are in the stash.
    if (last <= 0) this.#stash.clear();
    if (last < 0) return true;
    const copy = this.#stash.copy(this.#parts[last]!);
    if (copy === undefined) return false;
    this.#parts[last] = copy;
    return true;
  }

  /** Part of the frame at hand is with the client already: it must not be replayed. */
  get exposed(): boolean {
    return this.#streaming;
  }

  /**
   * Returns how far it was read: less than all when the sink has stopped it. The chunk is the reader's from now on.
   * Throws RespError when the bytes are no RESP.
   */
  read(chunk: Buffer, sink: FrameSink): number {
    if (this.#passed) this.#stash.abandon();
    this.#passed = false;
    let at = 0;
    while (at < chunk.length && sink.reading) {
      if (!this.#looking && !this.scanner.midFrame && sink.plain === 0) this.#looking = true;
      at = this.#looking ? this.#look(chunk, at, sink) : this.#pass(chunk, at, sink);
    }
    return at;
  }

  #look(chunk: Buffer, at: number, sink: FrameSink): number {
    const end = this.scanner.finish(chunk, at, chunk.length);
    if (end < 0) {
      this.#keep(chunk, at);
      return chunk.length;
    }
    const parts = this.#take(chunk, at, end);
    this.#looking = false;
    sink.look(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    return end;
  }

  #pass(chunk: Buffer, at: number, sink: FrameSink): number {
    const { scanner } = this;
    // A frame begun before was plain when it began, and ends as one, whatever is noted meanwhile.
    const limit = scanner.midFrame ? 1 : sink.plain;
    const next = scanner.scan(chunk, at, chunk.length, limit);
    const { stop, boundary, frames } = scanner;
    if (frames > 0) this.#passOn(frames, this.#take(chunk, at, boundary), sink);
    if (stop === Stop.Special) this.#looking = true;
    if (stop === Stop.Exhausted && boundary < chunk.length) this.#keepPlain(chunk, boundary, sink);
    return next;
  }

  #passOn(count: number, parts: Buffer[], sink: FrameSink): void {
    this.#streaming = false;
    sink.pass(count, parts);
  }

  #keepPlain(chunk: Buffer, from: number, sink: FrameSink): void {
    if (!this.#streaming && this.#partBytes + chunk.length - from <= this.frameBytesMax) {
      this.#keep(chunk, from);
      return;
    }
    this.#streaming = true;
    for (const part of this.#take(chunk, from, chunk.length)) sink.stream(part);
  }

  #keep(chunk: Buffer, from: number): void {
    this.#parts.push(from === 0 ? chunk : chunk.subarray(from));
    this.#partBytes += chunk.length - from;
  }

  /** What was kept, and chunk[from, to) behind it. */
  #take(chunk: Buffer, from: number, to: number): Buffer[] {
    const last = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    if (this.#parts.length === 0) return [last];
    const parts = this.#parts;
    parts.push(last);
    this.#parts = [];
    this.#partBytes = 0;
    this.#passed = true;
    return parts;
  }
}
