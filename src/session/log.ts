import { BufferPool } from './buffer-pool.js';

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
 * answered again and again, and one block goes to the pool and back: no allocation per command.
 */

const BLOCK_BYTES = 256 * 1024;
/** A text that is larger gets a segment of its own. */
const LARGE_BYTES = 64 * 1024;
/** Up to here it is cheaper to leave room for the longest encoding than to measure a text. */
const MEASURED_BYTES = 1024;
/** A Buffer this large is kept by reference: its giver may not change it until it is answered. */
const REFERENCE_BYTES = 4 * 1024;
const BLOCKS_KEPT_MAX = 32;

interface Segment {
  readonly bytes: Buffer;
  /** Stream position of bytes[0]. */
  start: number;
  /** Bytes in use. */
  used: number;
  readonly pooled: boolean;
}

const NOTHING = Buffer.alloc(0);
const blocks = new BufferPool(BLOCK_BYTES, BLOCKS_KEPT_MAX);

function takeBlock(start: number): Segment {
  return { bytes: blocks.take(), start, used: 0, pooled: true };
}

function giveBack(segment: Segment): void {
  if (segment.pooled) blocks.give(segment.bytes);
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
  readonly #appended: Appended = { bytes: NOTHING, from: 0, to: 0, position: 0 };

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

  /** Adds a chunk. Strings are UTF-8. `borrowed`: a Buffer that will change. The result is valid until the next append. */
  append(chunk: string | Buffer, borrowed = false): Appended {
    if (typeof chunk === 'string') return this.#appendText(chunk);
    if (chunk.length < REFERENCE_BYTES || (borrowed && chunk.length <= BLOCK_BYTES)) return this.#copy(chunk);
    return this.#own(borrowed ? Buffer.from(chunk) : chunk);
  }

  #appendText(text: string): Appended {
    if (text.length > LARGE_BYTES) return this.#own(Buffer.from(text, 'utf8'));
    // A UTF-16 unit is at most three bytes of UTF-8.
    const segment = this.#room(text.length <= MEASURED_BYTES ? text.length * 3 : Buffer.byteLength(text));
    return this.#grow(segment, segment.bytes.write(text, segment.used));
  }

  #copy(chunk: Buffer): Appended {
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

  /** Nothing is kept any more. An idle session owns no block: taking one from the pool is as cheap as keeping it. */
  #rewind(): void {
    for (const segment of this.#segments) giveBack(segment);
    this.#segments.length = 0;
    // Blocks past what the pool keeps would live as long as thousands of idle sessions that once used them.
    this.#appended.bytes = NOTHING;
  }

  /** The bytes [from, to) as a view, if they lie in the last segment. That is the usual case. */
  view(from: number, to: number): Buffer | undefined {
    const last = this.#segments[this.#segments.length - 1];
    if (last === undefined || from < last.start) return undefined;
    return last.bytes.subarray(from - last.start, to - last.start);
  }

  /** The bytes [from, to) as views, in order, together no more than `batchBytesMax` at a time. Valid while retained. */
  *batches(from: number, to: number, batchBytesMax: number): Generator<Buffer[]> {
    let batch: Buffer[] = [];
    let room = batchBytesMax;
    for (const segment of this.#segments) {
      const end = Math.min(to, segment.start + segment.used);
      let at = Math.max(from, segment.start);
      while (at < end) {
        const next = Math.min(end, at + room);
        batch.push(segment.bytes.subarray(at - segment.start, next - segment.start));
        room -= next - at;
        at = next;
        if (room > 0) continue;
        yield batch;
        batch = [];
        room = batchBytesMax;
      }
    }
    if (batch.length > 0) yield batch;
  }

  /** The bytes [from, to) in one piece: a view where they lie in one segment, a copy where not. */
  read(from: number, to: number): Buffer {
    const view = this.view(from, to);
    if (view !== undefined) return view;
    const [parts = []] = this.batches(from, to, Number.POSITIVE_INFINITY);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}
