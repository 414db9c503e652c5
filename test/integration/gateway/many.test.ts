import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../../../src/gateway/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

describe('many sessions at one switch', () => {
  it('idle, subscribed, blocked and working ones are all carried along, and none is closed or sees an error', async () => {
    lab = await GatewayLab.start();
    const make = (count: number, bytes: string) => Array.from({ length: count }, () => lab.raw().write(bytes));
    const idle = make(300, 'CLIENT SETNAME idle\r\nSELECT 3\r\n');
    const subscribed = make(150, 'SUBSCRIBE news\r\n');
    const blocked = make(50, 'BLPOP jobs 0\r\n');
    const working = make(50, 'INCR n\r\n');
    const all = [...idle, ...subscribed, ...blocked, ...working];
    const blockedAt = async () => Number((await lab.primary.info('clients')).blocked_clients);
    await waitFor(blockedAt, { deadlineMs: 10_000, what: 'the blocked ones', until: (count) => count === 50 });
    await Promise.all([
      ...idle.map((one) => one.until('+OK\r\n+OK\r\n')),
      ...subscribed.map((one) => one.until(':1\r\n')),
    ]);

    let rounds = 0;
    let running = true;
    const work = (async () => {
      await Promise.all(working.map((one) => one.until('\r\n')));
      for (; running; rounds++) {
        for (const one of working) {
          expect(one.text).not.toContain('-');
          one.text = '';
          one.write('INCR n\r\nPING\r\n');
        }
        await Promise.all(working.map((one) => one.until('+PONG\r\n')));
      }
    })();
    await waitFor(() => rounds > 2, { deadlineMs: 10_000, what: 'work' });
    await lab.switchOver();
    const { entrance } = lab;
    await waitFor(
      () => [...entrance.clients].filter(({ handler }) => handler?.describe().node === lab.primary.address).length,
      { deadlineMs: 10_000, what: 'all at the new primary', until: (count) => count === all.length },
    );
    await waitFor(blockedAt, { deadlineMs: 10_000, what: 'the blocked ones again', until: (count) => count === 50 });
    running = false;
    await work;
    expect(await lab.primary.cli('GET', 'n')).toBe(String(working.length * (rounds + 1)));
    await waitFor(() => lab.primary.cli('PUBSUB', 'NUMSUB', 'news'), {
      deadlineMs: 10_000,
      what: 'subscriptions',
      until: (reply) => (reply as unknown[])[1] === subscribed.length,
    });
    await lab.primary.cli('PUBLISH', 'news', 'here');
    await Promise.all(subscribed.map((one) => one.until('$4\r\nhere\r\n')));
    for (const one of idle) one.write('CLIENT GETNAME\r\n');
    await Promise.all(idle.map((one) => one.until('$4\r\nidle\r\n')));
    expect(all.filter((one) => one.closed || one.text.includes('-'))).toEqual([]);
    expect(lab.tally).toMatchObject({ uncertain: 0, givenUp: new Map() });
  });

  it('three gateways before one pair need not know of each other', async () => {
    lab = await GatewayLab.start();
    const others = [1, 2].map(() => new Gateway(lab.options));
    try {
      for (const other of others) await other.start();
      const ports = [lab.gateway, ...others].map((gateway) => {
        const { address } = gateway.listeners[0]!.entrance;
        return address.kind === 'tcp' ? address.port : 0;
      });
      const clients = ports.map((port) => lab.raw(port));
      for (let round = 0; round < 3; round++) {
        for (const client of clients) client.write('INCR shared\r\n'.repeat(100));
        await lab.switchOver();
        for (const client of clients) client.write('INCR shared\r\n'.repeat(100));
        await waitFor(() => lab.primary.cli('GET', 'shared'), {
          deadlineMs: 10_000,
          what: 'every one',
          until: (count) => Number(count) === (round + 1) * 600,
        });
      }
      expect(clients.filter((client) => client.closed || client.text.includes('-'))).toEqual([]);
    } finally {
      for (const other of others) await other.stop();
    }
  });
});
