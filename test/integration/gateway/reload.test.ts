import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Gateway,
  type GatewayListener,
  type GatewayOptions,
  type ListenerOptions,
  Metrics,
  statusOf,
} from '../../../src/gateway/index.js';
import { sharedTlsMaterial } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { ListenError } from '../../../src/transport/index.js';
import { GatewayLab, type RawClient } from './lab.js';

// All gateways of this file, and the lab's own, share one watch over the pair.
let lab: GatewayLab;
let gateway: Gateway;
beforeAll(async () => {
  lab = await GatewayLab.start();
});
beforeEach(async () => {
  gateway = new Gateway(configured(main));
  await gateway.start();
});
afterEach(() => gateway.stop());
afterAll(() => lab?.stop());

const deadlineMs = 10_000;
const anywhere = '127.0.0.1:0';
const { server, ca } = sharedTlsMaterial();
const main: ListenerOptions = { name: 'main', listen: anywhere };
const second: ListenerOptions = { name: 'second', listen: anywhere };

const configured = (...listeners: ListenerOptions[]): GatewayOptions => ({ ...lab.options, listeners });
const reload = (...listeners: ListenerOptions[]) => gateway.reload(configured(...listeners));
const names = (): string[] => gateway.listeners.map(({ name }) => name);

function listenerCalled(name: string): GatewayListener {
  return gateway.listeners.find((one) => one.name === name && one.entrance.phase === 'open')!;
}

function portOf(name: string): number {
  const { address } = listenerCalled(name).entrance;
  return address.kind === 'tcp' ? address.port : 0;
}

/** Opens a listener beside main, on a port that no outgoing connection takes for its own. */
async function openFixed(name: string): Promise<{ readonly listen: string; readonly port: number }> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const listen = `127.0.0.1:${port}`;
    try {
      await reload(main, { name, listen });
      return { listen, port };
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
    }
  }
}

/** A client that has been served. */
async function served(port: number): Promise<RawClient> {
  const client = lab.raw(port).write('PING\r\n');
  await client.until('+PONG\r\n');
  return client;
}

/** One that is in the middle of something. */
async function busy(port: number): Promise<RawClient> {
  const client = lab.raw(port).write('MULTI\r\nINCR n\r\n');
  await client.until('+QUEUED\r\n');
  return client;
}

function untilOnly(...left: string[]): Promise<unknown> {
  return waitFor(names, {
    deadlineMs,
    what: `only ${left}`,
    until: (all) => all.join() === left.join(),
  });
}

async function refused(port: number): Promise<string | undefined> {
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => connect({ port }).once('error', resolve));
  return error.code;
}

describe('a listener that is new in the configuration', () => {
  it('is opened at once, of whatever kind, and is counted like the others', async () => {
    const metrics = new Metrics(gateway);
    const [reading, sidecar] = [
      { name: 'reading', kind: 'replica', listen: anywhere },
      { name: 'sidecar', kind: 'node', listen: anywhere, node: `valkey://${lab.all[1]!.address}` },
    ] as const;
    expect(await reload(sidecar, main, reading, second)).toEqual({
      changed: ['listener sidecar is new', 'listener reading is new', 'listener second is new'],
      needsRestart: [],
    });
    expect(names()).toEqual(['sidecar', 'main', 'reading', 'second']);
    await served(portOf('second'));
    await lab.raw(portOf('reading')).write('SET k v\r\n').until('\r\n');
    await lab
      .raw(portOf('sidecar'))
      .write('CLIENT CAPA redirect\r\nSET k v\r\n')
      .until(`-REDIRECT ${lab.primary.address}\r\n`);
    expect(gateway.unready).toBeUndefined();
    expect(statusOf(gateway).listeners.map(({ name, clients }) => [name, clients])).toEqual([
      ['sidecar', 1],
      ['main', 0],
      ['reading', 1],
      ['second', 1],
    ]);
    expect(await metrics.text()).toContain('segue_gateway_clients{listener="second"} 1');
    expect(await reload(sidecar, main, reading, second)).toEqual({ changed: [], needsRestart: [] });
  });

  it.each([
    ['its address is taken', () => ({ listen: lab.primary.address }), /cannot listen on .*EADDRINUSE/],
    [
      'its certificate cannot be used',
      () => ({ tls: { cert: 'none', key: 'none' } }),
      /certificate or key of listener bad /,
    ],
    ['its node has no address', () => ({ kind: 'node', node: 'valkey://' }), /valkey:/],
  ])('is refused with everything else when %s; nobody notices', async (_, bad, message) => {
    const { listen, port } = await openFixed('third');
    await reload(main, second);
    await untilOnly('main', 'second');
    const [one, two] = [await served(portOf('main')), await served(portOf('second'))];
    const attempt = reload({ ...main, limits: { connectionsMax: 1 } }, { name: 'third', listen }, {
      name: 'bad',
      listen: anywhere,
      ...bad(),
    } as ListenerOptions);
    await expect(attempt).rejects.toThrow(message);
    expect(names()).toEqual(['main', 'second']);
    expect(await refused(port)).toBe('ECONNREFUSED');
    await served(portOf('main'));
    await Promise.all([one, two].map((client) => client.write('PING\r\n').until('+PONG\r\n+PONG\r\n')));
    // And the next one is judged by what is in force.
    expect(await reload(main, second)).toEqual({ changed: [], needsRestart: [] });
  });

  it('configurations come into force in the order in which they were given, and none while the gateway stops', async () => {
    const [first, next] = await Promise.all([reload(main, second), reload(second), reload(main, second)]);
    expect([first!.changed, next!.changed]).toEqual([['listener second is new'], ['listener main goes']]);
    await untilOnly('main', 'second');
    const stopping = gateway.drain();
    await expect(reload(main)).rejects.toThrow(/the gateway is draining/);
    await stopping;
  });
});

describe('a listener that is gone from the configuration', () => {
  it('stops at once, and its clients leave as they are done; then nothing is left of it, and others notice nothing', async () => {
    await reload(main, second);
    const metrics = new Metrics(gateway);
    const port = portOf('second');
    const [idle, inTransaction, other] = [await served(port), await busy(port), await served(portOf('main'))];
    const { entrance } = listenerCalled('second');
    await lab.switchOver();
    await waitFor(() => gateway.unready === undefined, { deadlineMs, what: 'readiness' });
    await inTransaction.write('EXEC\r\nMULTI\r\nINCR n\r\n').until('*1\r\n:1\r\n+OK\r\n+QUEUED\r\n');
    expect(await metrics.text()).toContain('segue_gateway_hold_seconds_count{listener="second"}');

    const { commands } = gateway.traffic;
    expect(await reload(main)).toEqual({ changed: ['listener second goes'], needsRestart: [] });
    expect(await refused(port)).toBe('ECONNREFUSED');
    await idle.untilClosed();
    expect(gateway.unready).toBeUndefined();
    expect(statusOf(gateway).listeners).toMatchObject([
      { name: 'main', unready: null, clients: 1 },
      { name: 'second', unready: 'it lets its clients out', clients: 1 },
    ]);
    expect(await metrics.text()).toContain('segue_gateway_clients{listener="second"} 1');
    // Until it leaves it is carried along like everybody.
    await lab.switchOver();
    await inTransaction.write('EXEC\r\n').untilClosed();
    expect(inTransaction.text).toMatch(/\*1\r\n:2\r\n$/);
    await untilOnly('main');
    expect(await metrics.text()).not.toContain('listener="second"');
    expect([entrance.phase, entrance.connections]).toEqual(['closed', 0]);
    expect(gateway.traffic.commands).toBe(commands + 1);
    await other.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    expect([idle.error, inTransaction.error, other.error]).toEqual([undefined, undefined, undefined]);
  });

  it('waits no longer than drainTimeoutMs, nor for whom keeps its side open or is in a handshake still', async () => {
    const secure = { ...second, tls: { ...server } };
    await gateway.stop();
    gateway = new Gateway({ ...configured(main), drainTimeoutMs: 300 });
    await gateway.start();
    await reload(main, secure, { name: 'third', listen: anywhere });
    const [port, third] = [portOf('second'), portOf('third')];
    const stuck = await busy(third);
    const clinging = connect({ port: third, allowHalfOpen: true, host: lab.host });
    lab.keep(clinging, (socket) => socket.destroy());
    clinging.write('PING\r\n');
    await new Promise((resolve) => clinging.once('data', resolve));
    const late = connect({ port, host: lab.host });
    await new Promise((resolve) => late.once('connect', resolve));
    const entrances = ['second', 'third'].map((name) => listenerCalled(name).entrance);
    await reload(main);
    await untilOnly('main');
    await stuck.untilClosed();
    await waitFor(() => entrances.every(({ connections }) => connections === 0), { deadlineMs, what: 'nobody there' });
    const shaken = connectTls({ socket: late, ca });
    lab.keep(shaken, (socket) => socket.destroy());
    shaken.on('error', () => {});
    await new Promise((resolve) => shaken.once('close', resolve));
    expect(entrances.map(({ counts }) => counts.accepted)).toEqual([0, 2]);
    await served(portOf('main'));
  });

  it('may come again before it has gone: its counts go on', async () => {
    await reload(main, second);
    const metrics = new Metrics(gateway);
    const count = async (metric: string): Promise<number> =>
      Number(new RegExp(`^segue_gateway_${metric}\\{listener="second"\\} (.*)$`, 'm').exec(await metrics.text())?.[1]);
    const staying = await busy(portOf('second'));
    await reload(main);
    await reload(main, second);
    expect(names()).toEqual(['main', 'second', 'second']);
    await served(portOf('second'));
    const counts = async () => [
      await count('clients'),
      await count('clients_accepted_total'),
      await count('commands_total'),
    ];
    expect(await counts()).toEqual([2, 2, 3]);
    expect(await count('received_bytes_total')).toBe(gateway.traffic.receivedBytes);
    await staying.write('EXEC\r\n').untilClosed();
    await untilOnly('main', 'second');
    expect(await counts()).toEqual([1, 2, 4]);
    expect(await count('received_bytes_total')).toBe(gateway.traffic.receivedBytes);
  });

  it('leaves nothing behind, however often one comes and goes', async () => {
    const staying = await served(portOf('main'));
    const kinds: ListenerOptions[] = [
      second,
      { name: 'reading', kind: 'replica', listen: anywhere },
      { name: 'sidecar', kind: 'node', listen: anywhere, node: `valkey://${lab.primary.address}` },
    ];
    const round = async (): Promise<void> => {
      await reload(main, ...kinds);
      const clients = await Promise.all(kinds.map(({ name }) => served(portOf(name!))));
      await reload(main);
      await Promise.all(clients.map((client) => client.untilClosed()));
      await untilOnly('main');
    };
    await round();
    const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe/.test(kind)).length;
    const connections = async () =>
      String(await lab.primary.cli('CLIENT', 'LIST', 'TYPE', 'normal')).split('\n').length;
    const settled = { deadlineMs, until: (count: number) => count <= before[0]! };
    const before = [handles(), await connections()];
    for (let n = 0; n < 10; n++) await round();
    await waitFor(handles, { ...settled, what: `no more handles than ${before[0]}` });
    await waitFor(connections, { deadlineMs, what: 'no more connections', until: (count) => count <= before[1]! });
    await staying.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
  });
});

describe('another listener at the same address', () => {
  it('takes the socket over: nobody who comes meanwhile is refused, whatever the kind, with TLS or without', async () => {
    const { listen, port } = await openFixed('at 1');
    const makings: ((name: string) => ListenerOptions)[] = [
      (name) => ({ name, listen }),
      (name) => ({ name, listen, kind: 'replica' }),
      (name) => ({ name, listen, tls: { ...server } }),
      (name) => ({ name, listen, proxyProtocol: true }),
    ];
    const tally = { connected: 0, refused: 0 };
    let running = true;
    const coming = (async () => {
      while (running) {
        await new Promise<void>((resolve) => {
          const socket = connect({ port, host: lab.host }, () => {
            tally.connected++;
            socket.destroy();
            resolve();
          });
          socket.once('error', () => {
            tally.refused++;
            resolve();
          });
        });
      }
    })();
    for (let n = 2; n < 22; n++) {
      await reload(main, makings[n % makings.length]!(`at ${n}`));
      const enough = tally.connected + 5;
      await waitFor(() => tally.connected >= enough, { deadlineMs, what: 'further clients' });
    }
    await reload(main, makings[0]!('last'));
    running = false;
    await coming;
    expect(tally.refused).toBe(0);
    expect(tally.connected).toBeGreaterThan(100);
    await served(port);
    await untilOnly('main', 'last');
  });

  it('waits for a restart where that cannot be: nobody is refused, nobody is let out', async () => {
    const { port } = await openFixed('narrow');
    const wide = { name: 'wide', listen: `0.0.0.0:${port}` };
    const client = await served(port);
    expect(await reload(main, wide)).toEqual({
      changed: [],
      needsRestart: ['listener wide is new: narrow has its address until then', 'listener narrow is to go'],
    });
    // Nor under its own name, whatever else of it is different.
    expect(await reload(main, { ...wide, name: 'narrow' })).toMatchObject({ needsRestart: ['listener narrow'] });
    await client.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    await served(port);
  });
});
