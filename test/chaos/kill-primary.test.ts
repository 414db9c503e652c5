import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../src/lab/servers/index.js';
import { type Client, libraries } from '../integration/ioredis/clients.js';
import { SwitchedPair } from '../integration/ioredis/lab.js';

const WRITERS = 8;

/** What became of numbered writes to one list. */
class Account {
  readonly acknowledged: number[] = [];
  readonly uncertain: number[] = [];
  readonly otherErrors: string[] = [];
  next = 0;

  constructor(readonly list: string) {}

  async write(client: Client): Promise<void> {
    const value = this.next++;
    try {
      await client.rpush(this.list, String(value));
      this.acknowledged.push(value);
    } catch (error) {
      if (String(error).includes('UNCERTAIN')) this.uncertain.push(value);
      else this.otherErrors.push(String(error));
    }
  }
}

/**
 * Replication is asynchronous: what the dead primary acknowledged in its last moments may be missing on the replica, and
 * no client can help that. All else must be as if nothing had happened.
 */
describe.each(libraries)('kill -9 of the primary under load, %s', (_name, Library) => {
  let pair: SwitchedPair;
  beforeAll(async () => {
    pair = await SwitchedPair.start({ version: 'valkey-9.1' });
  });
  afterAll(() => pair?.stop());

  it('every command settles, only writes on the wire are uncertain, none runs twice', async () => {
    const client = pair.client(Library);
    const reader = pair.client(Library);
    const accounts = Array.from({ length: WRITERS }, (_, id) => new Account(`list:${id}`));
    const readErrors: unknown[] = [];
    let running = true;
    const loops = accounts.map(async (account) => {
      while (running) await account.write(client);
    });
    loops.push(
      (async () => {
        while (running) await reader.get('anything').catch((error) => readErrors.push(error));
      })(),
    );
    const written = () => Math.min(...accounts.map((account) => account.acknowledged.length));
    await waitFor(() => written() > 200, { deadlineMs: 5_000, what: 'a running load' });

    pair.primary.kill('SIGKILL');
    await pair.primary.exited;
    await pair.replica.cli('REPLICAOF', 'NO', 'ONE');
    // What the new primary had from the old one, before it was given anything else.
    const before = written();
    await waitFor(() => written() > before + 200, { deadlineMs: 8_000, what: 'writes at the new primary' });
    running = false;
    await Promise.all(loops);

    expect(readErrors).toEqual([]);
    expect(pair.errors).toEqual([]);
    for (const account of accounts) {
      expect(account.otherErrors).toEqual([]);
      // One write at a time was on the wire.
      expect(account.uncertain.length).toBeLessThanOrEqual(1);
      const present = (await client.lrange(account.list, 0, -1)).map(Number);
      expect(present).toEqual([...new Set(present)].sort((a, b) => a - b));
      const known = new Set([...account.acknowledged, ...account.uncertain]);
      expect(present.filter((value) => !known.has(value))).toEqual([]);
      // Missing is only the end of what the old primary took; behind it nothing is.
      const missing = account.acknowledged.filter((value) => !present.includes(value));
      const cut = account.uncertain[0] ?? Math.max(-1, ...missing) + 1;
      expect(missing).toEqual(Array.from({ length: missing.length }, (_, i) => cut - missing.length + i));
    }
  });
});
