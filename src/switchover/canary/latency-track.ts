import { build, type Histogram } from 'hdr-histogram-js';

/** Milliseconds with fractions. */
export interface LatencySummary {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** One entry per millisecond in which an answer came, in their order; the arrays belong together. */
export interface LatencyBuckets {
  /** Since the beginning of the track. */
  readonly atMs: readonly number[];
  readonly answers: readonly number[];
  /** The longest wait for an answer that came then. */
  readonly worstMs: readonly number[];
}

const microsecondsMax = 3_600_000_000;

/** How long answers took, and when they came: as percentiles of all, and millisecond by millisecond. */
export class LatencyTrack {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: microsecondsMax,
    numberOfSignificantValueDigits: 3,
  });
  readonly #atMs: number[] = [];
  readonly #answers: number[] = [];
  readonly #worstMs: number[] = [];
  readonly #startedMs: number;
  #lastMs: number;
  #gap: { readonly fromMs: number; readonly lengthMs: number } = { fromMs: 0, lengthMs: 0 };

  /** Times are a clock's. */
  constructor(startedMs: number) {
    this.#startedMs = startedMs;
    this.#lastMs = startedMs;
  }

  /** Calls come in the order of `answeredMs`. */
  record(sentMs: number, answeredMs: number): void {
    const tookMs = Math.max(0, answeredMs - sentMs);
    this.#histogram.recordValue(Math.min(microsecondsMax, Math.max(1, Math.round(tookMs * 1_000))));
    if (answeredMs - this.#lastMs > this.#gap.lengthMs) {
      this.#gap = { fromMs: this.#lastMs - this.#startedMs, lengthMs: answeredMs - this.#lastMs };
    }
    this.#lastMs = answeredMs;
    const atMs = Math.floor(answeredMs - this.#startedMs);
    const last = this.#atMs.length - 1;
    if (this.#atMs[last] === atMs) {
      this.#answers[last]! += 1;
      this.#worstMs[last] = Math.max(this.#worstMs[last]!, tookMs);
      return;
    }
    this.#atMs.push(atMs);
    this.#answers.push(1);
    this.#worstMs.push(tookMs);
  }

  /** The longest time without any answer, and when it began. */
  get longestGap(): { readonly fromMs: number; readonly lengthMs: number } {
    return this.#gap;
  }

  get buckets(): LatencyBuckets {
    return { atMs: this.#atMs, answers: this.#answers, worstMs: this.#worstMs };
  }

  get summary(): LatencySummary {
    const ms = (percentile: number): number => this.#histogram.getValueAtPercentile(percentile) / 1_000;
    return { p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9), maxMs: this.#histogram.maxValue / 1_000 };
  }
}
