import { afterEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/gateway/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const start = async (limits: Partial<Limits>, listener = {}): Promise<GatewayLab> => {
  lab = await GatewayLab.start({ listener: { limits, ...listener } });
  return lab;
};
const closed = (): Record<string, number> => Object.fromEntries(lab.entrance.counts.closed);
const KIB = 1024;
const MIB = 1024 * KIB;

describe('limits of a listener: each has its own answer and its own counter', () => {
  it('connections: one too many is told so, as servers do, and the others go on', async () => {
    await start({ connectionsMax: 2 });
    const first = lab.raw().write('PING\r\n');
    const second = lab.raw().write('PING\r\n');
    await Promise.all([first.until('+PONG\r\n'), second.until('+PONG\r\n')]);
    const third = lab.raw();
    await third.untilClosed();
    expect(third.text).toBe('-ERR max number of clients reached\r\n');
    expect(closed()).toEqual({ connections: 1 });
    first.write('PING\r\n');
    await first.until('+PONG\r\n+PONG\r\n');
    second.socket.destroy();
    await waitFor(() => lab.entrance.clients.size === 1, { deadlineMs: 5_000, what: 'room' });
    await lab.raw().write('PING\r\n').until('+PONG\r\n');
  });

  it('command size: declared or sent, the client is told and closed', async () => {
    await start({ commandBytesMax: 64 * KIB });
    const declared = lab.raw().write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n');
    await declared.untilClosed();
    expect(declared.text).toBe('-ERR Protocol error: a command is longer than the limit\r\n');
    const inParts = lab.raw().write('*1000\r\n');
    for (let n = 0; n < 20; n++) inParts.write(`$5000\r\n${'x'.repeat(5000)}\r\n`);
    await inParts.untilClosed();
    expect(closed()).toEqual({ 'command-size': 2 });
  });

  it('protocol errors are told, counted, and end that client alone', async () => {
    await start({});
    const good = lab.raw().write('PING\r\n');
    const bad = lab.raw().write('*1\r\n+PING\r\n');
    await bad.untilClosed();
    expect(bad.text).toMatch(/^-ERR Protocol error: /);
    await good.until('+PONG\r\n');
    expect(closed()).toEqual({ protocol: 1 });
  });

  it('a request of a browser ends with its head: what stands in its body is not executed', async () => {
    await start({});
    for (const line of ['POST / HTTP/1.1', 'GET / HTTP/1.1\r\nHost: localhost']) {
      const browser = lab.raw().write(`${line}\r\nContent-Length: 20\r\n\r\n`);
      browser.write('SET stolen 1\r\nPING\r\n');
      await browser.untilClosed();
      expect(browser.text).toMatch(/-ERR Protocol error: an HTTP request came where commands were expected\r\n$/);
    }
    expect(closed()).toEqual({ protocol: 2 });
    expect(await lab.primary.cli('EXISTS', 'stolen')).toBe(0);
  });

  it('handshake: who says nothing, or half a command, is closed', async () => {
    await start({ handshakeTimeoutMs: 200 });
    const silent = lab.raw();
    const half = lab.raw().write('*2\r\n$3\r\nGE');
    const good = lab.raw().write('PING\r\n');
    await Promise.all([silent.untilClosed(), half.untilClosed(), good.until('+PONG\r\n')]);
    expect(closed()).toEqual({ handshake: 2 });
    expect(good.closed).toBe(false);
    expect(lab.entrance.clients.size).toBe(1);
  });

  it('handshake: where a login is required, commands alone do not count', async () => {
    lab = await GatewayLab.start({
      pair: { password: 'secret' },
      listener: { loginRequired: true, limits: { handshakeTimeoutMs: 300 } },
    });
    const stranger = lab.raw().write('PING\r\n');
    const wrong = lab.raw().write('AUTH no\r\n');
    const good = lab.raw().write('AUTH secret\r\n');
    await Promise.all([stranger.untilClosed(), wrong.untilClosed(), good.until('+OK\r\n')]);
    expect(closed()).toEqual({ handshake: 2 });
    expect(good.closed).toBe(false);
  });

  it('idle: who waits for nothing is closed, subscribers and blocked clients are not', async () => {
    await start({ idleTimeoutMs: 300 });
    const idle = lab.raw().write('PING\r\n');
    const half = lab.raw().write('PING\r\n*2\r\n$3\r\nGE');
    const subscriber = lab.raw().write('SUBSCRIBE c\r\n');
    const blocked = lab.raw().write('BLPOP nothing 0\r\n');
    await Promise.all([idle.untilClosed(), half.untilClosed()]);
    expect(closed()).toEqual({ idle: 2 });
    expect([subscriber.closed, blocked.closed]).toEqual([false, false]);
  });

  it('output: a subscriber that does not read is closed, others get every message', async () => {
    await start({ outputBytesMax: 256 * KIB });
    const slow = lab.raw().write('SUBSCRIBE c\r\n');
    await slow.until(':1\r\n');
    slow.socket.pause();
    const fast = lab.raw().write('SUBSCRIBE c\r\n');
    await fast.until(':1\r\n');
    const message = 'x'.repeat(64 * KIB);
    let sent = 0;
    await waitFor(
      async () => {
        await lab.primary.cli('PUBLISH', 'c', message);
        sent++;
        return closed().output === 1;
      },
      { deadlineMs: 20_000, what: 'the end of the slow one' },
    );
    const length = '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$65536\r\n\r\n'.length + message.length;
    await waitFor(() => fast.bytes > sent * length, { deadlineMs: 10_000, what: 'all messages' });
    expect(fast.closed).toBe(false);
  });

  it('output: a client that stops reading its answers makes the server wait, memory does not grow, and it gets all', async () => {
    await start({});
    await lab.primary.cli('SET', 'large', 'x'.repeat(4 * MIB));
    const client = lab.raw();
    client.socket.pause();
    const count = 100;
    client.write('GET large\r\n'.repeat(count));
    const backlog = (): number => [...lab.entrance.clients].reduce((sum, one) => sum + one.backlogBytes, 0);
    await waitFor(() => backlog() > 0, { deadlineMs: 10_000, what: 'a backlog' });
    expect(backlog()).toBeLessThan(16 * MIB);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200 * MIB);
    client.socket.resume();
    const length = `$${4 * MIB}\r\n\r\n`.length + 4 * MIB;
    await waitFor(() => client.bytes, { deadlineMs: 30_000, what: 'all', until: (bytes) => bytes === count * length });
    expect(closed()).toEqual({});
  });

  it('stalled: a client that takes nothing for too long is closed', async () => {
    await start({ stallTimeoutMs: 300 });
    await lab.primary.cli('SET', 'large', 'x'.repeat(8 * MIB));
    const client = lab.raw();
    client.socket.pause();
    client.write('GET large\r\n'.repeat(4));
    await waitFor(() => closed().stalled === 1, { deadlineMs: 10_000, what: 'the end of it' });
    expect(lab.entrance.clients.size).toBe(0);
  });

  it('a client that writes a whole pipeline before it reads is not stuck', async () => {
    await start({});
    await lab.primary.cli('SET', 'k', 'x'.repeat(1000));
    const client = lab.raw();
    client.socket.pause();
    const count = 30_000;
    await new Promise<void>((resolve) => {
      client.socket.write('*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'.repeat(count), () => resolve());
    });
    client.socket.resume();
    await waitFor(() => client.bytes, { deadlineMs: 30_000, what: 'all', until: (bytes) => bytes === count * 1009 });
  });

  it('held: while the server is stopped, clients are made to wait and none gets an error', async () => {
    await start({ clientBytesMax: 1 * MIB, heldBytesMax: 4 * MIB }, { share: false });
    const clients = Array.from({ length: 16 }, () => lab.raw().write('PING\r\n'));
    await Promise.all(clients.map((client) => client.until('+PONG\r\n')));
    lab.primary.kill('SIGSTOP');
    const value = 'x'.repeat(32 * KIB);
    const each = 64;
    for (const client of clients) {
      for (let n = 0; n < each; n++) client.write(`*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$${value.length}\r\n${value}\r\n`);
    }
    await waitFor(() => lab.entrance.counts.restraints > 0, { deadlineMs: 10_000, what: 'a restraint' });
    expect(lab.entrance.heldBytes).toBeLessThan(8 * MIB);
    lab.primary.kill('SIGCONT');
    await waitFor(() => lab.primary.cli('LLEN', 'l'), {
      deadlineMs: 20_000,
      what: 'all',
      until: (length) => length === clients.length * each,
    });
    expect(clients.every((client) => !client.text.includes('-'))).toBe(true);
    expect(closed()).toEqual({});
    await waitFor(() => lab.entrance.heldBytes === 0, { deadlineMs: 5_000, what: 'nothing held' });
  });

  it('held: half commands for which there is no room are refused', async () => {
    await start({ heldBytesMax: 1 * MIB, commandBytesMax: 8 * MIB });
    const clients = Array.from({ length: 4 }, () => lab.raw().write(`*2\r\n$4\r\nECHO\r\n$${4 * MIB}\r\n`));
    for (const client of clients) client.write('x'.repeat(512 * KIB));
    const refused = () => clients.filter((client) => client.text.startsWith('-GATEWAYLIMIT ')).length;
    await waitFor(refused, { deadlineMs: 10_000, what: 'refusals', until: (count) => count >= 2 });
    await Promise.all(clients.filter((client) => client.text !== '').map((client) => client.untilClosed()));
    expect(Object.keys(closed())).toEqual(['held']);
    expect(lab.entrance.heldBytes).toBeLessThan(2 * MIB);
    await lab.raw().write('PING\r\n').until('+PONG\r\n');
  });
});
