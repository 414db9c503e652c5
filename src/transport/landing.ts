const MEMORY_BYTES = 256 * 1024;
/** Less room than this is not worth a read. */
const ROOM_MIN_BYTES = 64 * 1024;

/**
 * Where a connection that carries much is read into. Node reads into a fresh 64 KiB for every `data` event, which the collector
 * pays for, and so does the kernel, which has to find the pages. Here what is read stands behind what was read before, until
 * the memory is full and left to whoever still refers to it. A chunk that nobody refers to any more gives its place back,
 * so that in steady state the same few pages are used for ever.
 *
 *       │ kept by somebody │ last chunk │ room            │
 *   ────┴──────────────────┴────────────┴─────────────────┴──
 */
export class Landing {
  #memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
  #room = this.#memory;
  /** Of the last chunk, in the memory. */
  #from = 0;
  #to = 0;

  /** What is read next is to be put at the beginning of this. */
  get room(): Buffer {
    return this.#room;
  }

  /** So many bytes were read. The chunk is the receiver's, until it is `spent`. */
  landed(bytes: number): Buffer {
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
    if (this.#to === this.#from) return;
    if (MEMORY_BYTES - this.#to < ROOM_MIN_BYTES) {
      this.#memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
      this.#to = 0;
    }
    this.#from = this.#to;
    this.#room = this.#memory.subarray(this.#to);
  }
}
