/** Each is 5.9 % wider than the one before. */
const BUCKETS_PER_DECADE = 40;
/** From a microsecond to a thousand seconds. */
const LEAST_MS = 0.001;
const DECADES = 9;
const BUCKETS = BUCKETS_PER_DECADE * DECADES;

/** How a number of durations is spread, in bounded memory: quantiles are right to 6 %, count and longest are exact. */
export class Spread {
  readonly #buckets = new Uint32Array(BUCKETS);
  count = 0;
  maxMs = 0;

  add(ms: number): void {
    this.#buckets[bucketOf(ms)]!++;
    this.count++;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** The duration, in ms, that `share` of all do not exceed; undefined when there is none. */
  quantile(share: number): number | undefined {
    if (this.count === 0) return undefined;
    let left = Math.max(1, Math.ceil(share * this.count));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket]!;
      if (left <= 0) return Math.min(this.maxMs, LEAST_MS * 10 ** ((bucket + 0.5) / BUCKETS_PER_DECADE));
    }
    return this.maxMs;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.count = 0;
    this.maxMs = 0;
  }
}

function bucketOf(ms: number): number {
  const bucket = Math.floor(Math.log10(ms / LEAST_MS) * BUCKETS_PER_DECADE);
  return Math.min(BUCKETS - 1, Math.max(0, bucket || 0));
}
