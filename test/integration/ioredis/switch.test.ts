import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serverVersions, waitFor, waitForSync } from '../../../src/lab/servers/index.js';
import { libraries } from './clients.js';
import { SwitchedPair } from './lab.js';

describe.each(serverVersions)('switches on %s', (version) => {
  // What is long takes long: each version once, and each library on one of them at least.
  const onlyOne = libraries[serverVersions.indexOf(version) % libraries.length]!;
  let pair: SwitchedPair;
  beforeAll(async () => {
    pair = await SwitchedPair.start({ version });
  });
  // A client with one seed knows the other node from the primary's list. As long as that does not have it, nobody vouches for it.
  beforeEach(() => waitForSync(pair.primary, [pair.replica]));
  afterEach(() => pair.disconnectAll());
  afterAll(() => pair?.stop());

  it.each(libraries)('%s: writes go on, none is lost or doubled', async (name, Library) => {
    const client = pair.client(Library);
    const list = `list:${name}`;
    let running = true;
    let next = 0;
    const loops = Array.from({ length: 8 }, async () => {
      while (running) await client.rpush(list, String(next++));
    });
    for (let round = 1; round <= 4; round++) {
      const before = next;
      await pair.switchOver();
      await waitFor(() => next > before + 100, { deadlineMs: 5_000, what: 'writes after the switch' });
    }
    running = false;
    await Promise.all(loops);
    expect(pair.errors).toEqual([]);
    const entries = await client.lrange(list, 0, -1);
    expect(entries.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, i) => i));
  });

  it.each([onlyOne])('%s: a pipeline of 300,000 INCRs across a switch counts to 300,000', async (name, Library) => {
    const client = pair.client(Library);
    const key = `count:${name}`;
    const pipeline = client.pipeline();
    for (let i = 0; i < 300_000; i++) pipeline.incr(key);
    const done = pipeline.exec();
    const first = pair.primary;
    await waitFor(() => first.cli('GET', key), { deadlineMs: 20_000, what: 'the first', until: (n) => Number(n) > 0 });
    await pair.switchOver();
    expect(Number(await pair.primary.cli('GET', key))).toBeLessThan(300_000);
    const results = await done;
    expect(results?.every(([error], index) => error === null && results[index]![1] === index + 1)).toBe(true);
    expect(await client.get(key)).toBe('300000');
  });

  it.each(libraries)('%s: transactions, scripts and blocking reads cross a switch', async (name, Library) => {
    const client = pair.client(Library);
    const blocked = pair.client(Library);
    client.defineCommand('append', { numberOfKeys: 1, lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" });
    const scripted = client as unknown as { append(key: string, value: string): Promise<number> };
    expect(await scripted.append(`s:${name}`, 'a')).toBe(1);
    const popped = blocked.blpop(`q:${name}`, 20);
    await waitFor(() => pair.primary.info('clients'), {
      deadlineMs: 5_000,
      what: 'a blocked client',
      until: (info) => Number(info.blocked_clients) === 1,
    });
    await client.watch(`w:${name}`);
    await pair.switchOver();
    expect(await client.multi().set(`w:${name}`, 'blind').exec()).toBeNull();
    expect(await client.get(`w:${name}`)).toBeNull();
    // ioredis believes that this connection knows the script: within MULTI a NOSCRIPT would be half a commit.
    const multi = client.multi().set(`t:${name}`, '1') as unknown as {
      append(key: string, value: string): typeof multi;
    };
    const results = await (multi.append(`s:${name}`, 'b') as unknown as { exec(): Promise<unknown> }).exec();
    expect(results).toEqual([
      [null, 'OK'],
      [null, 2],
    ]);
    await client.rpush(`q:${name}`, 'item');
    expect(await popped).toEqual([`q:${name}`, 'item']);
    expect(pair.errors).toEqual([]);
  });

  it.each(libraries)('%s: database, name and subscriptions are restored', async (name, Library) => {
    const client = pair.client(Library, { db: 3, connectionName: 'app' });
    const subscriber = pair.client(Library);
    const messages: string[] = [];
    subscriber.on('message', (_channel: string, message: string) => messages.push(message));
    await subscriber.subscribe(`news:${name}`);
    await client.set(`db:${name}`, 'three');
    await pair.switchOver();
    await client.set(`db2:${name}`, 'three');
    expect(await client.client('GETNAME')).toBe('app');
    expect(String(await client.client('LIST'))).toMatch(/name=app .*db=3/);
    await waitFor(() => pair.primary.cli('PUBSUB', 'NUMSUB', `news:${name}`), {
      deadlineMs: 5_000,
      what: 'the subscription on the new primary',
      until: (reply) => Array.isArray(reply) && Number(reply[1]) === 1,
    });
    await client.publish(`news:${name}`, 'hello');
    await waitFor(() => messages.length > 0, { deadlineMs: 5_000, what: 'the message' });
    expect(messages).toEqual(['hello']);
  });
});
