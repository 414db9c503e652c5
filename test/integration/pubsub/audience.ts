import { setTimeout } from 'node:timers/promises';
import { waitFor } from '../../../src/lab/wait-for.js';
import type { Client } from '../ioredis/clients.js';

/** How a subscriber listens; every one gets all messages of its kind. */
export const ways = ['channels', 'patterns', 'shards', 'all'] as const;
export type Way = (typeof ways)[number];

/** Publishers that number their messages, and subscribers that look at the numbers. */
export class Audience {
  readonly irregularities: string[] = [];
  /** Messages on channels that no publisher uses. */
  readonly strangers: string[] = [];
  messages = 0;
  /** Numbers that were left out. */
  lost = 0;
  /** Of PUBLISH. */
  readonly errors: string[] = [];
  readonly #published = new Map<string, number>();
  readonly #heard = new Map<string, number>();
  readonly #publishing: Promise<void>[] = [];
  readonly #counts: (() => boolean)[] = [];
  #isOver = false;

  /** `paceMs`: between two messages of a publisher. */
  constructor(
    private readonly publishers: number,
    private readonly paceMs: number,
  ) {}

  async listen(client: Client, name: string, way: Way): Promise<void> {
    const numbers = Array.from({ length: this.publishers }, (_, publisher) => publisher);
    const channels = numbers.map((number) => `c:${number}`);
    const shards = numbers.map((number) => `s:${number}`);
    client.on('message', (channel: string, text: string) => this.#hear(name, 'channel', channel, text));
    client.on('pmessage', (pattern: string, channel: string, text: string) => this.#hear(name, pattern, channel, text));
    client.on('smessage', (channel: string, text: string) => this.#hear(name, 'shard', channel, text));
    if (way === 'channels' || way === 'all') {
      await client.subscribe(...channels);
      this.#expect(name, 'channel', channels);
    }
    if (way === 'shards' || way === 'all') {
      await client.ssubscribe(...shards);
      this.#expect(name, 'shard', shards);
    }
    const patterns = way === 'patterns' ? ['c:*', 'c:?*', '*:*'] : way === 'all' ? ['*'] : [];
    if (patterns.length > 0) await client.psubscribe(...patterns);
    for (const pattern of patterns) this.#expect(name, pattern, channels);
  }

  #expect(name: string, how: string, channels: readonly string[]): void {
    for (const channel of channels) {
      const key = `${name} by ${how} of ${channel}`;
      this.#heard.set(key, 0);
      this.#counts.push(() => this.#heard.get(key) === (this.#published.get(channel) ?? 0));
    }
  }

  #hear(name: string, how: string, channel: string, text: string): void {
    const key = `${name} by ${how} of ${channel}`;
    const last = this.#heard.get(key);
    if (last === undefined) {
      this.strangers.push(channel);
      return;
    }
    const number = Number(text);
    this.messages++;
    if (number <= last) this.irregularities.push(`${key}: ${number} behind ${last}`);
    else this.lost += number - last - 1;
    this.#heard.set(key, Math.max(number, last));
  }

  publish(client: Client, publisher: number): void {
    this.#publishing.push(this.#publishOn(client, publisher));
  }

  async #publishOn(client: Client, publisher: number): Promise<void> {
    for (let number = 1; !this.#isOver; number++) {
      if (this.paceMs > 0) await setTimeout(this.paceMs);
      const text = String(number);
      const published = [client.publish(`c:${publisher}`, text), client.spublish(`s:${publisher}`, text)];
      for (const { status, reason } of (await Promise.allSettled(published)) as PromiseRejectedResult[])
        if (status === 'rejected') this.errors.push(reason.message);
      this.#published.set(`c:${publisher}`, number);
      this.#published.set(`s:${publisher}`, number);
    }
  }

  /** Each publisher has published so many more. */
  async progress(messages: number): Promise<void> {
    const from = new Map(this.#published);
    const channels = Array.from({ length: this.publishers }, (_, publisher) => `c:${publisher}`);
    const left = () =>
      channels.filter((one) => (this.#published.get(one) ?? 0) - (from.get(one) ?? 0) < messages).length;
    await waitFor(() => left() === 0, { deadlineMs: 30_000, what: 'publishers' });
  }

  /** Everything that was published has been heard by everybody. */
  async finish(deadlineMs = 10_000): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#publishing);
    await waitFor(() => this.#counts.filter((isComplete) => !isComplete()).length, {
      deadlineMs,
      what: 'the last messages',
      until: (missing) => missing === 0,
    }).catch(() => this.irregularities.push('some of the last messages were not heard'));
  }
}
