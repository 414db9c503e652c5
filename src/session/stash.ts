const STASH_BYTES = 64 * 1024;

/** Memory for copies that are all done with at the same time: it is used again and again. */
export class Stash {
  #memory: Buffer | undefined;
  #used = 0;

  /** Undefined: there is no room. */
  copy(bytes: Buffer): Buffer | undefined {
    const from = this.#used;
    const to = from + bytes.length;
    if (to > STASH_BYTES) return undefined;
    this.#memory ??= Buffer.allocUnsafeSlow(STASH_BYTES);
    bytes.copy(this.#memory, from);
    this.#used = to;
    return this.#memory.subarray(from, to);
  }

  /** Nobody refers to the copies any more. */
  clear(): void {
    this.#used = 0;
  }

  /** Somebody may refer to them for as long as he likes. */
  abandon(): void {
    this.#memory = undefined;
    this.#used = 0;
  }
}
