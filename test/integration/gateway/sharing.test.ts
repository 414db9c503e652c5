import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/gateway/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const KIB = 1024;
const deadlineMs = 20_000;
const frame = (...args: string[]) => `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
const closures = (): Record<string, number> => Object.fromEntries(lab.entrance.counts.closed);

/** The connections that the primary has, as CLIENT LIST tells of them: those that are shared, and those of clients. */
async function connections(): Promise<{ shared: string[]; others: number }> {
  const lines = String(await lab.primary.cli('CLIENT', 'LIST', 'TYPE', 'normal'))
    .trim()
    .split('\n');
  const shared = lines.filter((line) => line.includes(' name=segue-shared '));
  return { shared, others: lines.length - shared.length };
}

/** A client of the gateway that does one thing at a time and knows every answer. */
interface Checker {
  round(n: number): Promise<void>;
  end(): unknown;
}

const sizes = [0, 3, 100, 5_000, 17_000, 70_000, 300_000];
const valueFor = (who: number, n: number) => `${who}.${n}:${'v'.repeat(sizes[(who + n) % sizes.length]!)}`;

function ioredis(who: number): Checker {
  const client = new Redis({
    host: lab.host,
    port: lab.port,
    protocol: who % 2 === 0 ? 3 : 2,
    db: who % 3 === 0 ? 1 : 0,
  });
  const key = `io:${who}`;
  return {
    async round(n) {
      const value = valueFor(who, n);
      const [set, got, wrong, count, hash, all, list] = await Promise.allSettled([
        client.set(key, value),
        client.get(key),
        client.lpush(key, 'x'),
        client.incr(`${key}:n`),
        client.hset(`${key}:h`, 'f', String(n)),
        client.hgetall(`${key}:h`),
        client.echo(key),
      ]);
      expect([set, got]).toEqual([
        { status: 'fulfilled', value: 'OK' },
        { status: 'fulfilled', value },
      ]);
      expect(String((wrong as PromiseRejectedResult).reason)).toContain('WRONGTYPE');
      expect([count, list]).toEqual([
        { status: 'fulfilled', value: n + 1 },
        { status: 'fulfilled', value: key },
      ]);
      expect([hash.status, all]).toEqual(['fulfilled', { status: 'fulfilled', value: { f: String(n) } }]);
    },
    end: () => client.disconnect(),
  };
}

async function nodeRedis(who: number): Promise<Checker> {
  const client = createClient({ RESP: who % 2 === 0 ? 3 : 2, url: `redis://${lab.host}:${lab.port}` });
  client.on('error', () => {});
  await client.connect();
  const key = `node:${who}`;
  return {
    async round(n) {
      const value = valueFor(who, n);
      const replies = await Promise.all([
        client.set(key, value),
        client.get(key),
        client.incr(`${key}:n`),
        client.info('server'),
        client.zAdd(`${key}:z`, { score: n, value: 'm' }),
        client.zScore(`${key}:z`, 'm'),
      ]);
      expect(replies.toSpliced(3, 2)).toEqual(['OK', value, n + 1, n]);
      expect(replies[3]).toContain('# Server');
    },
    end: () => client.destroy(),
  };
}

describe('clients that share connections', () => {
  it.each(['redis-7.0', 'valkey-9.1'] as const)(
    '%s: twenty of two libraries through switches: every answer is the right one',
    async (version) => {
      lab = await GatewayLab.start({ pair: { version } });
      const clients = [
        ...Array.from({ length: 10 }, (_, who) => ioredis(who)),
        ...(await Promise.all(Array.from({ length: 10 }, (_, who) => nodeRedis(who)))),
      ];
      for (const client of clients) lab.keep(client, (one) => one.end());
      let rounds = 0;
      let running = true;
      const work = (async () => {
        for (; running; rounds++) await Promise.all(clients.map((client) => client.round(rounds)));
      })();
      work.catch(() => {});
      const onward = (more: number) => {
        const goal = rounds + more;
        return Promise.race([work, waitFor(() => rounds >= goal, { deadlineMs, what: `${more} rounds` })]);
      };
      await onward(2);
      for (let switches = 0; switches < 2; switches++) {
        await lab.switchOver();
        await onward(1);
      }
      running = false;
      await work;
      expect(await lab.primary.cli('GET', 'node:0:n')).toBe(String(rounds));
      expect(lab.tally).toMatchObject({ uncertain: 0, givenUp: new Map() });
      expect(closures()).toEqual({});
    },
  );

  it('many plain clients are one connection, and one session in a switch', async () => {
    lab = await GatewayLab.start();
    const clients = Array.from({ length: 200 }, () => lab.raw());
    for (const client of clients) client.write(frame('INCR', 'n'));
    await Promise.all(clients.map((client) => client.until('\r\n')));
    expect((await connections()).shared).toHaveLength(1);
    const { others } = await connections();
    const moves = lab.tally.moves;
    await lab.switchOver();
    for (const client of clients) client.write(frame('INCR', 'n'));
    await Promise.all(clients.map((client) => client.until('\r\n')));
    await waitFor(() => lab.primary.cli('GET', 'n'), { deadlineMs, what: 'all', until: (n) => n === '400' });
    expect(lab.tally.moves).toBe(moves + 1);
    expect(others).toBeLessThan(10);
  });

  it('says who it is, shares, and has a connection of its own as soon as it needs one', async () => {
    lab = await GatewayLab.start();
    const client = lab.raw();
    const ask = async (answer: string, ...args: string[]) => {
      client.text = '';
      client.write(frame(...args));
      await client.until(answer);
    };
    const states = () => [...lab.entrance.clients].map(({ handler }) => handler?.describe());
    await ask('+OK\r\n', 'CLIENT', 'SETINFO', 'LIB-NAME', 'lib');
    await ask('+OK\r\n', 'CLIENT', 'SETNAME', 'me');
    await ask('+OK\r\n', 'SELECT', '2');
    await ask('+OK\r\n', 'SET', 'k', 'in two');
    await waitFor(connections, { deadlineMs, what: 'the end of its own', until: ({ shared }) => shared.length === 1 });
    expect(states()).toMatchObject([{ name: 'me', library: 'lib', database: '2', shared: true, state: 'flowing' }]);
    const { shared } = await connections();
    expect(shared[0]).toContain(' db=2 ');
    expect(statusOf(lab.gateway).listeners[0]!.shared).toEqual({ clients: 1, connections: 1 });
    await ask('$2\r\nme\r\n', 'CLIENT', 'GETNAME');
    await ask('$6\r\nin two\r\n', 'GET', 'k');
    client.text = '';
    client.write(frame('MULTI') + frame('GET', 'k') + frame('EXEC') + frame('BLPOP', 'none', '0.01'));
    await client.until('+OK\r\n+QUEUED\r\n*1\r\n$6\r\nin two\r\n*-1\r\n');
    await ask('$6\r\nin two\r\n', 'GET', 'k');
    expect(states()).toMatchObject([{ name: 'me', library: 'lib', database: '2', shared: false }]);
    expect(String(await lab.primary.cli('CLIENT', 'LIST'))).toContain(' name=me ');
  });

  it('many that greet and ask in one breath, and then say nothing, keep no connection of their own', async () => {
    lab = await GatewayLab.start();
    const first = lab.raw();
    first.write(frame('ECHO', 'shared'));
    await first.until('shared\r\n');
    const clients = Array.from({ length: 50 }, () => lab.raw());
    for (const client of clients) client.write(frame('CLIENT', 'SETINFO', 'LIB-NAME', 'lib') + frame('ECHO', 'here'));
    await Promise.all(clients.map((client) => client.until('here\r\n')));
    for (const { text } of clients) expect(text).toBe('+OK\r\n$4\r\nhere\r\n');
    const isShared = (seen: Awaited<ReturnType<typeof connections>>) => seen.shared.length === 1 && seen.others < 10;
    await waitFor(connections, { deadlineMs, what: 'the end of their own', until: isShared });
    expect(statusOf(lab.gateway).listeners[0]!.shared).toEqual({ clients: 51, connections: 1 });
  });

  it('those whose every command is large share, too, once it is clear that they are served', async () => {
    lab = await GatewayLab.start();
    const clients = Array.from({ length: 20 }, () => lab.raw());
    for (let round = 1; round <= 4; round++) {
      for (const client of clients) client.write(frame('SET', 'k', 'v'.repeat(40 * KIB)));
      await Promise.all(clients.map((client) => client.until('+OK\r\n'.repeat(round))));
    }
    expect(statusOf(lab.gateway).listeners[0]!.shared).toEqual({ clients: 20, connections: 1 });
  });

  it('a slow reader has its own connection in the end, and nobody waits for it', async () => {
    lab = await GatewayLab.start();
    await lab.primary.cli('SET', 'large', 'x'.repeat(100 * KIB));
    const slow = lab.raw();
    slow.write(frame('PING').repeat(64));
    await slow.until('+PONG\r\n');
    slow.socket.pause();
    const count = 400;
    slow.write(frame('GET', 'large').repeat(count));
    const fast = Array.from({ length: 10 }, () => lab.raw());
    for (let round = 0; round < 20; round++) {
      for (const one of fast) one.write(frame('ECHO', `r${round}`));
      await Promise.all(fast.map((one) => one.until(`r${round}\r\n`)));
    }
    const before = slow.bytes;
    slow.socket.resume();
    const all = count * (`$${100 * KIB}\r\n\r\n`.length + 100 * KIB);
    await waitFor(() => slow.bytes, { deadlineMs, what: 'all', until: (bytes) => bytes >= all });
    expect(before).toBeLessThan(all);
    expect(closures()).toEqual({});
  });

  it('half commands, lengths that servers do not take, and clients that go: the connection of the others stays', async () => {
    lab = await GatewayLab.start();
    const good = lab.raw().write(frame('PING'));
    await good.until('+PONG\r\n');
    const before = (await connections()).shared.map((line) => line.split(' ')[0]);
    const bad = [
      '*01\r\n$4\r\nPING\r\n',
      '*1\r\n$04\r\nPING\r\n',
      '*-1\r\n*1\r\n$-1\r\n',
      '*1\r\n$4\r\nPINGxx',
      `${'x'.repeat(70 * KIB)}\r\n`,
      'PING "\r\n',
    ].map((bytes) => lab.raw().write(bytes));
    const half = Array.from({ length: 50 }, (_, n) =>
      lab.raw().write(frame('SET', 'half', 'v'.repeat(n)).slice(0, n + 10)),
    );
    await Promise.all(bad.map((one) => one.untilClosed()));
    for (const one of bad) expect(one.text).toMatch(/^-ERR Protocol error/);
    const going = Array.from({ length: 50 }, () => lab.raw());
    for (const one of going) one.socket.end(frame('GET', 'nothing').repeat(20));
    for (const one of half) one.socket.destroy();
    for (let n = 0; n < 20; n++) {
      good.text = '';
      good.write(frame('ECHO', `hello${n}`));
      await good.until(`hello${n}\r\n`);
      expect(good.text).toBe(`$${5 + String(n).length}\r\nhello${n}\r\n`);
    }
    expect((await connections()).shared.map((line) => line.split(' ')[0])).toEqual(before);
    expect(await lab.primary.cli('EXISTS', 'half')).toBe(0);
  });

  it('users: each has a connection of their own password; who has not logged in breaks nothing', async () => {
    lab = await GatewayLab.start({ pair: { password: 'secret' } });
    for (const node of lab.nodes) {
      await node.cli('ACL', 'SETUSER', 'ann', 'on', '>old', '>new', '~ann:*', '+@all');
      await node.cli('ACL', 'SETUSER', 'bob', 'on', '>b', '~bob:*', '+@all');
    }
    const login = async (user: string, password: string) => {
      const client = lab.raw().write(frame('AUTH', user, password));
      await client.until('\r\n');
      const { text } = client;
      client.text = '';
      return { client, text };
    };
    const all = await Promise.all([login('ann', 'old'), login('ann', 'new'), login('bob', 'b'), login('bob', 'wrong')]);
    expect(all.map(({ text }) => text.slice(0, 6))).toEqual(['+OK\r\n', '+OK\r\n', '+OK\r\n', '-WRONG']);
    const [old, fresh, bob, nobody] = all.map(({ client }) => client);
    for (const client of [old, fresh, bob, nobody]) client!.write(frame('SET', 'ann:k', 'v'));
    await Promise.all([old!.until('+OK\r\n'), fresh!.until('+OK\r\n')]);
    await bob!.until('\r\n');
    expect(bob!.text).toMatch(/^-NOPERM/);
    await nobody!.until('\r\n');
    expect(nobody!.text).toMatch(/^-NOAUTH/);
    const users = (await connections()).shared.map((line) => / user=(\S+) /.exec(line)![1]).sort();
    expect(users).toEqual(['ann', 'ann', 'bob']);
    // A server closes the connection of somebody who says so much before logging in.
    const loud = lab.raw().write(frame('MSET', ...Array.from({ length: 20 }, (_, n) => `k${n}`)));
    await loud.until('\r\n');
    expect(loud.text).toMatch(/^-(ERR Protocol error: unauthenticated|NOAUTH)/);
    nobody!.text = '';
    nobody!.write(frame('GET', 'k') + frame('AUTH', 'bob', 'b') + frame('GET', 'bob:k'));
    await nobody!.until('$-1\r\n');
    expect(nobody!.text).toBe('-NOAUTH Authentication required.\r\n+OK\r\n$-1\r\n');
  });

  it('a shared connection that is killed: reads go on, and nobody is disconnected', async () => {
    lab = await GatewayLab.start();
    const clients = Array.from({ length: 20 }, () => lab.raw());
    for (let round = 0; round < 5; round++) {
      for (const client of clients) client.write(frame('GET', 'k').repeat(20));
      const { shared } = await connections();
      for (const line of shared) await lab.primary.cli('CLIENT', 'KILL', 'ID', / ?id=(\d+)/.exec(line)![1]!);
    }
    await waitFor(() => clients.every(({ bytes }) => bytes === 5 * 20 * '$-1\r\n'.length), { deadlineMs, what: 'all' });
    expect(clients.filter((client) => client.closed)).toEqual([]);
  });

  it('stops when everybody has been answered; without sharing every client has a connection', async () => {
    lab = await GatewayLab.start({ listener: { share: false } });
    const clients = Array.from({ length: 10 }, () => lab.raw().write(frame('PING')));
    await Promise.all(clients.map((client) => client.until('+PONG\r\n')));
    const { shared, others } = await connections();
    expect(shared).toEqual([]);
    expect(others).toBeGreaterThanOrEqual(10);
    await lab.stop();
    lab = await GatewayLab.start();
    const sharing = lab.raw().write(frame('INCR', 'n').repeat(5_000));
    await sharing.until('\r\n');
    expect(await lab.gateway.drain(10_000)).toBe(0);
    await sharing.untilClosed();
    expect(sharing.error).toBeUndefined();
  });
});
