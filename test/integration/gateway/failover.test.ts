import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../../../src/gateway/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

describe('when nodes fail', () => {
  it('a primary that dies: reads go on, writes on their way are uncertain, nobody is disconnected', async () => {
    lab = await GatewayLab.start();
    const [old, next] = [lab.nodes[0]!, lab.nodes[1]!];
    const idle = lab.raw().write('CLIENT SETNAME idle\r\n');
    const subscriber = lab.raw().write('SUBSCRIBE news\r\n');
    const writer = lab.raw().write('SET k before\r\n');
    await Promise.all([idle.until('+OK\r\n'), subscriber.until(':1\r\n'), writer.until('+OK\r\n')]);
    await waitFor(() => next.cli('GET', 'k'), { deadlineMs: 5_000, what: 'replication', until: (v) => v === 'before' });

    old.kill('SIGSTOP');
    writer.text = '';
    writer.write('SET k during\r\nGET k\r\n');
    await waitFor(() => lab.entrance.heldBytes > 0, { deadlineMs: 5_000, what: 'commands on their way' });
    old.kill('SIGKILL');
    expect(lab.gateway.unready).toBeUndefined();
    await next.cli('REPLICAOF', 'NO', 'ONE');
    lab.nodes.reverse();
    await writer.until('$6\r\nbefore\r\n');
    expect(writer.text).toMatch(/^-UNCERTAIN .*\r\n\$6\r\nbefore\r\n$/);
    idle.write('CLIENT GETNAME\r\n');
    await idle.until('$4\r\nidle\r\n');
    await waitFor(() => next.cli('PUBLISH', 'news', 'back'), {
      deadlineMs: 5_000,
      what: 'a subscriber',
      until: (count) => Number(count) > 0,
    });
    await subscriber.until('$4\r\nback\r\n');
    expect([idle, subscriber, writer].map(({ closed }) => closed)).toEqual([false, false, false]);
    // What may be missing is counted: the write, and the messages of the subscriber.
    expect(lab.tally).toMatchObject({ uncertain: 1, resubscribed: 1 });
  });

  it('no primary: it says that it is not ready, and clients wait no longer than they may', async () => {
    lab = await GatewayLab.start({ gateway: { session: { holdTimeoutMs: 300, seekIntervalMs: 20 } } });
    const client = lab.raw().write('PING\r\n');
    await client.until('+PONG\r\n');
    for (const node of lab.nodes) node.kill('SIGKILL');
    await waitFor(() => lab.gateway.unready, { deadlineMs: 10_000, what: 'not ready' });
    expect(lab.gateway.unready).toBe('main: no primary is known');
    client.write('PING\r\n');
    await waitFor(() => client.text.includes('-HOLDTIMEOUT '), { deadlineMs: 10_000, what: 'the error' });
    expect(client.closed).toBe(false);
    expect(lab.tally.givenUp.get('HOLDTIMEOUT')).toBe(1);
  });
});

describe('a node listener of a gateway', () => {
  it('redirects clients that can be redirected, and shares nothing with the others', async () => {
    lab = await GatewayLab.start({ pair: { version: 'redis-7.0' } });
    const [primary, replica] = lab.nodes;
    const sidecar = new Gateway({
      listeners: [{ kind: 'node', listen: '127.0.0.1:0', node: `valkey://${replica!.address}` }],
    });
    try {
      await sidecar.start();
      await waitFor(() => sidecar.unready === undefined, { deadlineMs: 5_000, what: 'it to be ready' });
      const { address } = sidecar.listeners[0]!.entrance;
      const client = lab.raw(address.kind === 'tcp' ? address.port : 0);
      client.write('SET k v\r\nCLIENT CAPA redirect\r\nSET k v\r\n');
      await client.until(`-REDIRECT ${primary!.address}\r\n`);
      expect(client.text).toMatch(/^-READONLY .*\r\n\+OK\r\n-REDIRECT /);
      expect(sidecar.listeners[0]!.kind).toBe('node');
      expect(await sidecar.drain(1_000)).toBe(0);
      await client.untilClosed();
    } finally {
      await sidecar.stop();
    }
  });
});
