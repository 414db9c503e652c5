import { build, type Histogram } from 'hdr-histogram-js';
import { type Clock, clock as realClock } from '../../transport/index.js';
import { deliveryOf, errorKind } from './outcome.js';

export interface MeterReport {
  readonly writes: number;
  readonly errors: number;
  /** How many of the errors leave open whether the command ran. */
  readonly uncertain: number;
  readonly errorsByKind: Record<string, number>;
  /** The text of the first error of each kind. */
  readonly examples: readonly string[];
  /** Of acknowledged writes, in milliseconds. */
  readonly latencyMs: LatencyReport;
  /** The longest time between two successful writes, first to last. */
  readonly longestGapMs: number;
}

export interface LatencyReport {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** From and to, on the meter's clock. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch of time of which the longest gap between two successful writes is wanted. */
export interface GapWindow {
  /**
   * Ends it. Resolves with the longest gap, in ms, that overlaps the window, or only `within`, a part of it; waits for the
   * write that ends the gap under way, but not longer than `patienceMs`.
   */
  close(patienceMs: number, within?: Span): Promise<number>;
}

/** Measures what the users of one client feel. All writers on the client report here. */
export class Meter {
  private readonly histogram: Histogram = build({
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  });
  private readonly kinds = new Map<string, { count: number; readonly example: string }>();
  private readonly windows = new Set<OpenWindow>();
  private writes = 0;
  private errors = 0;
  private uncertain = 0;
  private lastWriteAt: number | undefined;
  private longestGapMs = 0;
  private failedSinceWrite = false;

  constructor(private readonly clock: Clock = realClock) {}

  now(): number {
    return this.clock.now();
  }

  /** A write was acknowledged that was sent at `sentAt`. `count`: several in one answer (a pipeline). */
  wrote(sentAt: number, count = 1): void {
    const now = this.clock.now();
    this.histogram.recordValueWithCount(Math.max(1, Math.round((now - sentAt) * 1000)), count);
    this.writes += count;
    this.noteGap(now);
    this.lastWriteAt = now;
    this.failedSinceWrite = false;
  }

  failed(error: Error): void {
    this.errors += 1;
    this.failedSinceWrite = true;
    if (deliveryOf(error) === 'uncertain') this.uncertain += 1;
    const kind = errorKind(error);
    const known = this.kinds.get(kind);
    if (known !== undefined) known.count += 1;
    else this.kinds.set(kind, { count: 1, example: error.message });
  }

  /** Whether nothing has succeeded since the last error. */
  get failing(): boolean {
    return this.failedSinceWrite;
  }

  /** Forgets latencies and gaps so far, not writes and errors: programs are slow while they start and are compiled. */
  forgetWarmUp(): void {
    this.histogram.reset();
    this.longestGapMs = 0;
    this.lastWriteAt = this.clock.now();
  }

  /** No more writes will come. The time since the last one is a gap, too, if somebody was still waiting for one. */
  stop(stillWaiting: boolean): void {
    if (stillWaiting) this.noteGap(this.clock.now());
  }

  openWindow(): GapWindow {
    const window = new OpenWindow(this.lastWriteAt ?? this.clock.now(), this.clock);
    this.windows.add(window);
    return {
      close: async (patienceMs, within) => {
        await window.nextWrite(patienceMs);
        this.windows.delete(window);
        return window.longestGapMs(within);
      },
    };
  }

  report(): MeterReport {
    const atMs = (percentile: number): number => this.histogram.getValueAtPercentile(percentile) / 1000;
    return {
      writes: this.writes,
      errors: this.errors,
      uncertain: this.uncertain,
      errorsByKind: Object.fromEntries([...this.kinds].map(([kind, { count }]) => [kind, count])),
      examples: [...this.kinds.values()].map(({ example }) => example),
      latencyMs: { p50: atMs(50), p99: atMs(99), p999: atMs(99.9), max: this.histogram.maxValue / 1000 },
      longestGapMs: this.longestGapMs,
    };
  }

  /** The gap so far, if nothing has been written since; for live views. */
  currentGapMs(): number {
    return this.lastWriteAt === undefined ? 0 : this.clock.now() - this.lastWriteAt;
  }

  private noteGap(now: number): void {
    if (this.lastWriteAt === undefined) return;
    const gapMs = now - this.lastWriteAt;
    if (gapMs > this.longestGapMs) this.longestGapMs = gapMs;
    for (const window of this.windows) window.wrote(now);
  }
}

/** Shorter ones are many, and the longest of them says nothing about a switch. */
const gapWorthKeepingMs = 0.2;

class OpenWindow {
  /** Those that are over. */
  private readonly gaps: Span[] = [];
  private longestMs = 0;
  private onWrite: (() => void) | undefined;

  constructor(
    private lastAt: number,
    private readonly clock: Clock,
  ) {}

  wrote(now: number): void {
    this.endGap(now);
    this.onWrite?.();
  }

  async nextWrite(patienceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(patienceMs, resolve);
      this.onWrite = () => {
        this.clock.clearTimer(timer);
        resolve();
      };
    });
    this.endGap(this.clock.now());
  }

  longestGapMs(within: Span | undefined): number {
    if (within === undefined) return this.longestMs;
    const touching = this.gaps.filter(({ fromMs, toMs }) => fromMs <= within.toMs && toMs >= within.fromMs);
    return Math.max(0, ...touching.map(({ fromMs, toMs }) => toMs - fromMs));
  }

  private endGap(now: number): void {
    const gapMs = now - this.lastAt;
    this.longestMs = Math.max(this.longestMs, gapMs);
    if (gapMs >= gapWorthKeepingMs) this.gaps.push({ fromMs: this.lastAt, toMs: now });
    this.lastAt = now;
  }
}
