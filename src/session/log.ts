/**
 * The bytes of the commands that are not yet answered: the session's retransmission buffer.
 *
 *      base                      tail
 *       │ retained                │
 *   ────┴──────┬─────────┬────────┴──▶  stream positions (plain numbers, exact to 2^53)
 *    segment 0 │ segment 1 │ segment 2
 *
 * Positions only grow. A chunk is never split over two segments, so whoever appended it can scan it in place.
 * Small chunks are copied into pooled blocks; large ones get a segment of their own. In steady state everything is
 * answered again and again, and the log rewinds to the start of one block: no allocation per command.
 */

const BLOCK_BYTES = 64 * 1024;
/** From here on a chunk is cheaper as a segment of its own than as a copy. */
const LARGE_BYTES = 16 * 1024;
/** A Buffer this large is kept by reference: its giver may not change it until it is answered. */
const REFERENCE_BYTES = 4 * 1024;
const POOLED_BLOCKS_MAX = 64;

interface Segment {
  readonly bytes: Buffer;
  /** Stream position of bytes[0]. */
  start: number;
  /** Bytes in use. */
  used: number;
  readonly pooled: boolean;
}

const freeBlocks: Buffer[] = [];

function takeBlock(start: number): Segment {
  return { bytes: freeBlocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), start, used: 0, pooled: true };
}

function giveBack(segment: Segment): void {
  if (segment.pooled && freeBlocks.length < POOLED_BLOCKS_MAX) freeBlocks.push(segment.bytes);
}

/** Where an appended chunk stands: `bytes[from, to)`; `bytes[from]` has stream position `position`. */
export interface Appended {
  bytes: Buffer;
  from: number;
  to: number;
  position: number;
}

export class Log {
  #segments: Segment[] = [];
  #base = 0;
  #tail = 0;
  // One object for all appends: the caller reads it at once, nobody keeps it.
  readonly #appended: Appended = { bytes: Buffer.alloc(0), from: 0, to: 0, position: 0 };

  /** First position still kept. */
  get base(): number {
    return this.#base;
  }

  /** Position just past the last byte. */
  get tail(): number {
    return this.#tail;
  }

  get bytes(): number {
    return this.#tail - this.#base;
  }

  /** Adds a chunk. Strings are UTF-8. The result is valid until the next append. */
  append(chunk: string | Buffer): Appended {
    return typeof chunk === 'string' ? this.#appendText(chunk) : this.#appendBuffer(chunk);
  }

  #appendText(text: string): Appended {
    if (text.length >= LARGE_BYTES) return this.#own(Buffer.from(text, 'utf8'));
    // A UTF-16 unit is at most three bytes of UTF-8, so this room is enough without measuring the text first.
    const segment = this.#room(text.length * 3);
    return this.#grow(segment, segment.bytes.write(text, segment.used));
  }

  #appendBuffer(chunk: Buffer): Appended {
    if (chunk.length >= REFERENCE_BYTES) return this.#own(chunk);
    const segment = this.#room(chunk.length);
    return this.#grow(segment, chunk.copy(segment.bytes, segment.used));
  }

  #room(bytes: number): Segment {
    const last = this.#segments[this.#segments.length - 1];
    if (last?.pooled && last.bytes.length - last.used >= bytes) return last;
    const block = takeBlock(this.#tail);
    this.#segments.push(block);
    return block;
  }

  #own(bytes: Buffer): Appended {
    const segment: Segment = { bytes, start: this.#tail, used: 0, pooled: false };
    this.#segments.push(segment);
    return this.#grow(segment, bytes.length);
  }

  #grow(segment: Segment, bytes: number): Appended {
    const appended = this.#appended;
    appended.bytes = segment.bytes;
    appended.from = segment.used;
    appended.position = this.#tail;
    segment.used += bytes;
    appended.to = segment.used;
    this.#tail += bytes;
    return appended;
  }

  /** Forgets everything before `position`. */
  trim(position: number): void {
    this.#base = position;
    if (position === this.#tail) {
      this.#rewind();
      return;
    }
    const segments = this.#segments;
    let gone = 0;
    while (gone < segments.length && segments[gone]!.start + segments[gone]!.used <= position) gone++;
    for (const segment of segments.splice(0, gone)) giveBack(segment);
  }

  /** Nothing is kept any more: stay with one block, or with none after a burst that needed several. */
  #rewind(): void {
    const segments = this.#segments;
    const first = segments[0];
    if (segments.length === 1 && first!.pooled) {
      first!.start = this.#tail;
      first!.used = 0;
      return;
    }
    for (const segment of segments) giveBack(segment);
    segments.length = 0;
  }

  /** Gives up the block that an idle log keeps. */
  release(): void {
    if (this.bytes > 0) return;
    for (const segment of this.#segments) giveBack(segment);
    this.#segments.length = 0;
  }

  /** The bytes [from, to) as views, in order, none longer than `sliceBytesMax`. The views stay valid while retained. */
  *slices(from: number, to: number, sliceBytesMax = Number.POSITIVE_INFINITY): Generator<Buffer> {
    for (const segment of this.#segments) {
      const end = Math.min(to, segment.start + segment.used);
      let at = Math.max(from, segment.start);
      while (at < end) {
        const next = Math.min(end, at + sliceBytesMax);
        yield segment.bytes.subarray(at - segment.start, next - segment.start);
        at = next;
      }
    }
  }

  /** The bytes [from, to) in one piece: a view where they lie in one segment, a copy where not. */
  read(from: number, to: number): Buffer {
    const parts = [...this.slices(from, to)];
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
