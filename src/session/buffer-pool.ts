/** Buffers of one size that are used again and again. */
export class BufferPool {
  readonly #kept: Buffer[] = [];
  /**
   * What a crowd needed at once, and may need again in a moment. The collector takes it when it next looks at everything; were it
   * let go at once, the collector would have to look all the time.
   */
  readonly #lent: WeakRef<Buffer>[] = [];

  /** `keptMax`: buffers that are kept for good. */
  constructor(
    readonly size: number,
    private readonly keptMax: number,
  ) {}

  /** Its content is whatever was in it. */
  take(): Buffer {
    for (let lent = this.#lent.pop(); lent !== undefined; lent = this.#lent.pop()) {
      const buffer = lent.deref();
      if (buffer !== undefined) return buffer;
    }
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** One that was taken, and that nobody refers to any more. */
  give(buffer: Buffer): void {
    if (this.#kept.length < this.keptMax) this.#kept.push(buffer);
    else this.#lent.push(new WeakRef(buffer));
  }
}
