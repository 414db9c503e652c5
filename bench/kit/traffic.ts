import { Redis } from 'ioredis';
import { segueConnector } from '../../src/doors/ioredis/index.js';
import { AppendLedger } from '../../src/lab/load/append-ledger.js';
import { type GapWindow, Meter, mergeVerdicts, type Verdict } from '../../src/lab/load/index.js';
import { type LoadReader, readList } from '../../src/lab/load/load-client.js';
import type { EpochSpan } from '../../src/lab/threads/switcher.js';
import { type Endpoint, RawClient } from './raw-client.js';

export interface TrafficOptions {
  /** Names the keys. */
  readonly name: string;
  /** ioredis with the connector, or a client that only follows REDIRECT, or only MOVED. */
  readonly client: 'segue' | 'redirect' | 'moved';
  /** The first one is asked first. */
  readonly nodes: readonly Endpoint[];
  readonly connections: number;
  /** Writes that leave together. */
  readonly batch: number;
  /** From one batch of a connection to its next; 0: as soon as the one before is answered. */
  readonly everyMs: number;
}

/** Appends entries to a list; resolves with its lengths then, or errors, one for each entry. */
interface Writer {
  append(key: string, entries: readonly string[]): Promise<unknown[]>;
  close(): void;
}

const patienceMs = 10_000;
/** Older batches that were due are given up: so long nobody who wants to write has been waiting. */
const arrearsMaxMs = 100;
/** Makes entries of about a hundred bytes. */
const padding = '-'.repeat(60);

/**
 * Writes that can be accounted for: each connection appends to a list of its own. Whatever was lost, doubled or reordered
 * shows in the lists. Runs between resume() and pause().
 */
export class Traffic {
  private readonly meter = new Meter();
  private readonly writers: readonly Writer[];
  private ledgers: AppendLedger[] = [];
  private epoch = 0;
  private running: Promise<unknown> | undefined;
  private isPausing = false;
  private window: GapWindow | undefined;

  constructor(private readonly options: TrafficOptions) {
    this.writers = Array.from({ length: options.connections }, () => makeWriter(options));
    this.renewLedgers();
  }

  async resume(): Promise<void> {
    this.isPausing = false;
    this.running ??= Promise.all(this.writers.map((writer, at) => this.write(writer, this.ledgers[at]!)));
  }

  /** Resolves when all is answered. */
  async pause(): Promise<void> {
    this.isPausing = true;
    await this.running;
    this.running = undefined;
  }

  /** Watches for the longest time between two writes from now on. */
  async open(): Promise<void> {
    this.window = this.meter.openWindow();
  }

  /** Resolves with it, in milliseconds, as far as it touches `span`. */
  async close({ fromMs, toMs }: EpochSpan): Promise<number> {
    const within = { fromMs: fromMs - performance.timeOrigin, toMs: toMs - performance.timeOrigin };
    return (await this.window?.close(patienceMs, within)) ?? 0;
  }

  async counts(): Promise<{ readonly writes: number; readonly errors: number; readonly examples: readonly string[] }> {
    const { writes, errors, examples } = this.meter.report();
    return { writes, errors, examples };
  }

  /** While paused: compares the lists at `node` with what was promised, and begins new ones. */
  async settle(node: Endpoint): Promise<Verdict> {
    const raw = new RawClient([node], false);
    const ask = async (...command: (string | number)[]) => (await raw.send([command]))[0] as never;
    const reader = {
      llen: (key: string) => ask('LLEN', key),
      lrange: (key: string, from: number, to: number) => ask('LRANGE', key, from, to),
    } as unknown as LoadReader;
    const verdicts: Verdict[] = [];
    for (const ledger of this.ledgers) {
      verdicts.push(ledger.verify(await readList(reader, ledger.key)));
      await ask('UNLINK', ledger.key);
    }
    raw.close();
    this.renewLedgers();
    return mergeVerdicts(verdicts);
  }

  async end(): Promise<void> {
    await this.pause();
    for (const writer of this.writers) writer.close();
  }

  private renewLedgers(): void {
    this.epoch += 1;
    this.ledgers = this.writers.map((_, at) => new AppendLedger(`${this.options.name}:${this.epoch}:${at}:${padding}`));
  }

  private async write(writer: Writer, ledger: AppendLedger): Promise<void> {
    const { batch, everyMs } = this.options;
    let dueAt = this.meter.now() + Math.random() * everyMs;
    while (!this.isPausing) {
      if (everyMs > 0) {
        await rest(dueAt - this.meter.now());
        // What was due while it could not write follows at once: else the load would be less than was asked for.
        dueAt = Math.max(dueAt + everyMs, this.meter.now() - arrearsMaxMs);
      }
      const numbers = Array.from({ length: batch }, () => ledger.issue());
      const sentAt = this.meter.now();
      const replies = await writer.append(
        ledger.key,
        numbers.map((number) => ledger.entry(number)),
      );
      for (const [at, reply] of replies.entries()) {
        if (reply instanceof Error) {
          ledger.fail(numbers[at]!, reply);
          this.meter.failed(reply);
        } else {
          ledger.ack(numbers[at]!, reply);
          this.meter.wrote(sentAt);
        }
      }
    }
  }
}

function makeWriter({ client, nodes }: TrafficOptions): Writer {
  if (client !== 'segue') {
    const raw = new RawClient(nodes, client === 'redirect');
    return {
      append: (key, entries) => raw.send(entries.map((entry) => ['RPUSH', key, entry])),
      close: () => raw.close(),
    };
  }
  const redis = new Redis({ ...nodes[0]!, Connector: segueConnector() });
  redis.on('error', () => {}); // shows in the commands
  return {
    append(key, entries) {
      return Promise.all(entries.map((entry) => redis.rpush(key, entry).catch((error: Error) => error)));
    },
    close: () => redis.disconnect(),
  };
}

function rest(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
