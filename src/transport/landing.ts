const LARGE_BYTES = 256 * 1024;
const SMALL_BYTES = 512;
/** Less room than this part of the memory is not worth a read. */
const ROOM_MIN = 1 / 4;
/** Large memory that nobody reads into. One is enough as long as everybody is done with his before the next one reads. */
const FREE_MAX = 4;
const free: Buffer[] = [];

/**
 * How much a connection carries: all the time `much`; or `little`, but now and then much, and many of its kind are at rest.
 */
export type Burden = 'much' | 'little';

/**
 * Where a connection is read into. Node reads into a fresh 64 KiB for every `data` event, which the collector
 * pays for, and so does the kernel, which has to find the pages. Here what is read stands behind what was read before, until
 * the memory is full and left to whoever still refers to it. A chunk that nobody refers to any more gives its place back,
 * so that in steady state the same few pages are used for ever.
 *
 *       │ kept by somebody │ last chunk │ room            │
 *   ────┴──────────────────┴────────────┴─────────────────┴──
 *
 * A connection that carries little owns little memory. When that has been filled, the rest is read into large memory, which it
 * lends until there is nothing more to read.
 */
export class Landing {
  #memory: Buffer;
  #room: Buffer;
  /** Of the last chunk, in the memory. */
  #from = 0;
  #to = 0;
  /** The last chunk has filled the room, so there may be more. */
  #filled = false;
  /** What is read into again when large memory is not needed any more. */
  #small: Buffer | undefined;

  constructor(private readonly burden: Burden) {
    this.#memory = burden === 'much' ? large() : small();
    this.#room = this.#memory;
  }

  /** What is read next is to be put at the beginning of this. */
  get room(): Buffer {
    return this.#room;
  }

  /** So many bytes were read. The chunk is the receiver's, until it is `spent`. */
  landed(bytes: number): Buffer {
    this.#filled = bytes === this.#room.length;
    this.#from = this.#to;
    this.#to += bytes;
    return this.#memory.subarray(this.#from, this.#to);
  }

  /** Nobody refers to the last chunk. */
  spent(): void {
    this.#to = this.#from;
  }

  /** The last chunk has been dealt with: `room` is for the next. */
  turn(): void {
    const next = this.#next();
    if (next !== undefined) {
      this.#memory = next;
      this.#room = next;
      this.#to = 0;
    } else if (this.#to > this.#from) this.#room = this.#memory.subarray(this.#to);
    this.#from = this.#to;
  }

  /** Other memory, if this is not the right one to go on with. */
  #next(): Buffer | undefined {
    const memory = this.#memory;
    const isSmall = memory.length === SMALL_BYTES;
    if (isSmall && this.#filled) {
      this.#small = this.#to === 0 ? memory : undefined;
      return large();
    }
    if (!isSmall && this.burden === 'little' && !this.#filled && this.#to === this.#from) {
      if (this.#to === 0) giveBack(memory);
      return this.#small ?? small();
    }
    if (memory.length - this.#to >= memory.length * ROOM_MIN) return undefined;
    return isSmall ? small() : large();
  }
}

function small(): Buffer {
  return Buffer.allocUnsafe(SMALL_BYTES);
}

function large(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
}

/** Nobody refers to it. */
function giveBack(memory: Buffer): void {
  if (free.length < FREE_MAX) free.push(memory);
}
