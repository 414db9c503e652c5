import type { Traffic } from '../counts.js';
import type { Gateway } from '../gateway.js';
import type { GatewayListener } from '../gateway-listener.js';
import { Spread } from '../spread.js';

/** What one second was like. Rates are per second, times in ms. */
export interface Sample {
  /** Counts up. */
  readonly seq: number;
  /** When it ended, in ms since 1970. */
  readonly at: number;
  readonly clients: number;
  readonly commands: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Commands without an answer at its end, and their bytes. */
  readonly heldCommands: number;
  readonly heldBytes: number;
  /** From the arrival of commands until their answer left; null when none was measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export const SAMPLE_MS = 1_000;
/** Five minutes. */
export const SAMPLES_MAX = 300;

/** The last minutes of a gateway, one sample a second. It is told when a second is over. */
export class History {
  readonly #samples: Sample[] = [];
  readonly #answers = new Spread();
  readonly #forget: () => void;
  #seq = 0;
  #before: Traffic;
  #beforeAt: number;

  constructor(
    private readonly gateway: Gateway,
    /** Milliseconds since 1970. */
    private readonly wall: () => number,
  ) {
    this.#forget = gateway.observe({ answered: (_, ms) => this.#answers.add(ms) });
    this.#before = gateway.traffic;
    this.#beforeAt = gateway.clock.now();
  }

  /** Those after `seq`, the oldest first. */
  since(seq: number): readonly Sample[] {
    return this.#samples.filter((sample) => sample.seq > seq);
  }

  /** A second is over. */
  tick(): void {
    const { gateway } = this;
    const now = gateway.clock.now();
    const seconds = Math.max(now - this.#beforeAt, 1) / 1_000;
    const totals = gateway.traffic;
    const rate = (name: keyof Traffic) => Math.max(0, Math.round((totals[name] - this.#before[name]) / seconds));
    this.#samples.push({
      seq: ++this.#seq,
      at: this.wall(),
      clients: sum(gateway.listeners, ({ entrance }) => entrance.clients.size),
      commands: rate('commands'),
      receivedBytes: rate('receivedBytes'),
      sentBytes: rate('sentBytes'),
      heldCommands: sum(gateway.listeners, heldCommandsOf),
      heldBytes: sum(gateway.listeners, ({ entrance }) => entrance.heldBytes),
      ...this.#answered(),
    });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
    this.#before = totals;
    this.#beforeAt = now;
  }

  close(): void {
    this.#forget();
  }

  #answered(): Pick<Sample, 'p50Ms' | 'p99Ms' | 'maxMs'> {
    const answers = this.#answers;
    const [p50, p99, max] = [answers.quantile(0.5), answers.quantile(0.99), answers.quantile(1)].map(rounded);
    answers.clear();
    return { p50Ms: p50!, p99Ms: p99!, maxMs: max! };
  }
}

/** To the microsecond. */
export function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1_000) / 1_000;
}

function heldCommandsOf({ entrance }: GatewayListener): number {
  let commands = 0;
  for (const { handler } of entrance.clients) commands += handler?.held.commands ?? 0;
  return commands;
}

function sum<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((total, one) => total + value(one), 0);
}
