import { BufferPool } from './buffer-pool.js';

/** Sessions are many, and of those that are at rest none needs one. */
const pool = new BufferPool(64 * 1024, 8);

/** Memory for copies that are all done with at the same time: it is used again and again. */
export class Stash {
  #memory: Buffer | undefined;
  #used = 0;

  /** Undefined: there is no room. */
  copy(bytes: Buffer): Buffer | undefined {
    const from = this.#used;
    const to = from + bytes.length;
    if (to > pool.size) return undefined;
    this.#memory ??= pool.take();
    bytes.copy(this.#memory, from);
    this.#used = to;
    return this.#memory.subarray(from, to);
  }

  /** Nobody refers to the copies any more. */
  clear(): void {
    if (this.#memory !== undefined) pool.give(this.#memory);
    this.abandon();
  }

  /** Somebody may refer to them for as long as he likes. */
  abandon(): void {
    this.#memory = undefined;
    this.#used = 0;
  }
}
