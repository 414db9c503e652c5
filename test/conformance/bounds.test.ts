import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabPair, startPair, startServer, waitFor } from '../../src/lab/servers/index.js';
import { encodeCommand } from '../../src/resp/index.js';
import { type NodeDoor, throughNode } from './kit/node-door.js';
import { Talker } from './kit/talker.js';

const MIB = 1024 * 1024;

describe('a node listener in front of redis-7.0', () => {
  let pair: LabPair;
  let door: NodeDoor;
  let talker: Talker;
  beforeAll(async () => {
    pair = await startPair({ version: 'redis-7.0' });
    door = await throughNode()(pair.primary);
  });
  afterAll(async () => {
    await door?.close();
    await pair?.stop();
  });

  async function connected(...lines: readonly string[]): Promise<Talker> {
    talker = new Talker(door);
    for (const line of lines) expect(await talker.ask(...line.split(' '))).toBe('+OK');
    return talker;
  }

  it.each([[[]], [['CLIENT CAPA redirect']]])('carries large values both ways: %j', async (lines) => {
    const client = await connected(...lines);
    const value = 'x'.repeat(20 * MIB);
    expect(await client.ask('SET', 'large', value)).toBe('+OK');
    expect((await client.ask('GET', 'large')).length).toBe(value.length + 1);
    client.close();
  });

  it.each([[[]], [['CLIENT CAPA redirect']]])('answers a pipeline of 100,000: %j', async (lines) => {
    const client = await connected(...lines);
    await pair.primary.cli('DEL', 'n');
    const one = encodeCommand(['INCR', 'n']);
    client.sendRaw(Buffer.concat(Array.from({ length: 100_000 }, () => one)));
    await waitFor(() => client.waiting.length === 100_000, { deadlineMs: 30_000, what: 'all answers' });
    expect(client.waiting.every((reply, index) => reply === `:${index + 1}`)).toBe(true);
    client.close();
  });

  it('keeps little for a client that does not read', async () => {
    const client = await connected();
    await client.ask('SET', 'large', 'x'.repeat(MIB));
    await waitFor(() => door.entrance.clients.size === 1, { deadlineMs: 5_000, what: 'the others to be gone' });
    client.pause();
    for (let i = 0; i < 200; i++) client.send(['GET', 'large']);
    const served = () => [...door.entrance.clients][0]!;
    await waitFor(() => served().commands >= 201, { deadlineMs: 10_000, what: 'all commands' });
    // The rest waits at the node, whose own limits it is subject to.
    const backlog = async () =>
      /cmd=get .*omem=(\d+)|omem=(\d+) .*cmd=get/.exec(String(await pair.primary.cli('CLIENT', 'LIST')));
    await waitFor(async () => Number((await backlog())?.slice(1).find(Boolean)) > 50 * MIB, {
      deadlineMs: 10_000,
      what: 'answers that wait at the node',
    });
    await waitFor(() => served().backlogBytes > 0, { deadlineMs: 10_000, what: 'a backlog here' });
    expect(served().backlogBytes).toBeLessThan(20 * MIB);
    client.resume();
    await waitFor(() => client.waiting.length === 200, { deadlineMs: 30_000, what: 'all answers' });
    client.close();
  });

  it('lets a replica through, in the protocol of replication', async () => {
    const client = await connected();
    await client.ask('SET', 'large', 'x'.repeat(MIB));
    const replica = await startServer({ version: 'redis-7.0' });
    try {
      await replica.cli('REPLICAOF', door.host, door.port);
      const up = async () => (await replica.info('replication')).master_link_status;
      await waitFor(up, { deadlineMs: 20_000, what: 'the link', until: (status) => status === 'up' });
      expect(await client.ask('SET', 'k', 'later')).toBe('+OK');
      await waitFor(() => replica.cli('GET', 'k'), {
        deadlineMs: 5_000,
        what: 'k',
        until: (value) => value === 'later',
      });
      expect(await replica.cli('STRLEN', 'large')).toBe(MIB);
    } finally {
      await replica.stop();
      client.close();
    }
  });

  it('answers what is no RESP once, and hangs up', async () => {
    const client = await connected();
    client.sendRaw('*1\r\n$-5\r\n');
    expect(await client.next()).toMatch(/^-ERR Protocol error: /);
    expect(await client.next()).toBe('(closed)');
  });

  it('is gone when its node is gone, and serves again when it is back', async () => {
    const client = await connected('CLIENT CAPA redirect');
    const { primary } = pair;
    await primary.restart();
    expect(await client.next()).toBe('(closed)');
    await waitFor(
      async () => {
        const again = new Talker(door);
        try {
          return await again.ask('PING');
        } finally {
          again.close();
        }
      },
      { deadlineMs: 10_000, what: 'the node to be served', until: (reply) => reply === '+PONG' },
    );
  });
});

describe('a node listener in front of a server with TLS and a password', () => {
  it('logs in as the client does, and watches as its own user', async () => {
    const pair = await startPair({ version: 'redis-7.0', tls: true, password: 'secret' });
    const { replica, primary } = pair;
    const door = await throughNode({
      node: `valkeys://:secret@${replica.address}`,
      ...(replica.tls === undefined ? {} : { tls: replica.tls }),
    })(replica);
    const client = new Talker(door);
    try {
      expect(await client.ask('GET', 'k')).toBe('-NOAUTH Authentication required.');
      expect(await client.ask('AUTH', 'secret')).toBe('+OK');
      expect(await client.ask('GET', 'k')).toBe('$-1');
      expect(await client.ask('CLIENT', 'CAPA', 'redirect')).toBe('+OK');
      expect(await client.ask('GET', 'k')).toBe(`-REDIRECT ${primary.address}`);
      expect(await client.ask('RESET')).toBe('+RESET');
      expect(await client.ask('GET', 'k')).toBe('-NOAUTH Authentication required.');
    } finally {
      client.close();
      await door.close();
      await pair.stop();
    }
  });
});
