import type { Duplex } from 'node:stream';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import { decodeReply, encodeCommand, type Push, type Reply, ReplyError } from '../../../src/resp/index.js';

export interface Tracking {
  /** Of CLIENT TRACKING ON. */
  readonly options: readonly string[];
  /** Said before each read that is to be cached. */
  readonly before?: readonly string[];
  /** Keys that are not tracked, and must not be cached. */
  readonly prefix?: string;
}

type Settle = (reply: Reply) => void;

/**
 * A client with a cache on a connector's stream, in RESP3. It takes answers and invalidations strictly in their order, which
 * libraries with promises do not.
 */
export class CachingClient {
  readonly #cache = new Map<string, number>();
  readonly #waiting: Settle[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #fences = 0;
  hits = 0;
  /** Times that it was told to forget everything. */
  resets = 0;

  private constructor(
    private readonly stream: Duplex,
    private readonly name: string,
    private readonly tracking: Tracking,
  ) {
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  static async open(
    name: string,
    tracking: Tracking,
    seed: { host: string; port: number },
    Connector = segueConnector(),
  ): Promise<CachingClient> {
    const stream = (await new Connector(seed).connect()) as Duplex;
    await new Promise((resolve, reject) => stream.once('connect', resolve).once('error', reject));
    const client = new CachingClient(stream, name, tracking);
    await client.#send('HELLO', '3');
    await client.#send('CLIENT', 'TRACKING', 'ON', ...tracking.options);
    return client;
  }

  close(): void {
    this.stream.destroy();
  }

  /** From the cache, if it is there. Rejects with what the server says. */
  async get(key: string): Promise<number> {
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.hits++;
      return cached;
    }
    const { before, prefix = '' } = this.tracking;
    if (before !== undefined) this.stream.write(encodeCommand(before));
    if (before !== undefined) this.#waiting.push(() => {});
    return Number(
      await this.#send('GET', key, (value) => {
        if (key.startsWith(prefix) && !(value instanceof ReplyError)) this.#cache.set(key, Number(value));
      }),
    );
  }

  /** A write of its own. False: it is not known whether it was executed. */
  async fence(): Promise<boolean> {
    return this.#send('SET', `fence:${this.name}`, String(++this.#fences)).then(
      () => true,
      () => false,
    );
  }

  #send(...command: readonly (string | Settle)[]): Promise<Reply> {
    const at = command.at(-1);
    const settle = typeof at === 'function' ? at : () => {};
    const words = command.filter((word) => typeof word === 'string');
    return new Promise((resolve, reject) => {
      this.#waiting.push((reply) => {
        settle(reply);
        if (reply instanceof ReplyError) reject(reply);
        else resolve(reply);
      });
      this.stream.write(encodeCommand(words));
    });
  }

  #read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const frame = decodeReply(this.#pending);
      if (frame === undefined) return;
      this.#pending = this.#pending.subarray(frame.end);
      const { value } = frame;
      if (isPush(value)) this.#forget(value.push[1] as Reply[] | null);
      else this.#waiting.shift()!(value);
    }
  }

  #forget(keys: readonly Reply[] | null): void {
    if (keys === null) {
      this.resets++;
      this.#cache.clear();
    } else for (const key of keys) this.#cache.delete(String(key));
  }
}

function isPush(value: Reply): value is Push {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'push' in value;
}
