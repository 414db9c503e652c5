/** About so many samples a second, however much comes. */
const SAMPLES_PER_SECOND = 200;
const MS_PER_SECOND = 1000;

/**
 * Says for which chunk of bytes the time until its answer is measured: every so many, at most a few hundred a second. The
 * others cost a subtraction.
 */
export class Stopwatch {
  #every = 1;
  #left = 1;
  /** Chunks in the intervals that are over, since the last setting. */
  #chunks = 0;
  #setAt: number;

  constructor(
    now: number,
    /** Is told each sample, in ms. */
    readonly took: (ms: number) => void,
  ) {
    this.#setAt = now;
  }

  /** To be called for each chunk. True: this one is to be measured. */
  due(): boolean {
    if (--this.#left > 0) return false;
    this.#chunks += this.#every;
    this.#left = this.#every;
    return true;
  }

  /** Called now and then: as much is measured as fits to what came since. */
  set(now: number): void {
    const seconds = (now - this.#setAt) / MS_PER_SECOND;
    if (seconds < 1) return;
    const chunks = this.#chunks + this.#every - this.#left;
    // Odd, so that clients who take turns are all met.
    this.#every = (Math.floor(chunks / seconds / SAMPLES_PER_SECOND) & ~1) + 1;
    this.#left = Math.min(this.#left, this.#every);
    this.#chunks = 0;
    this.#setAt = now;
  }
}
