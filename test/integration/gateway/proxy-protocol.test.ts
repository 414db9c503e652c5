import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { sharedTlsMaterial } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { IPV4, proxyHeader } from '../../unit/transport/proxy-header.js';
import { GatewayLab, RawClient } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const { server, ca } = sharedTlsMaterial();
const CLIENT = '192.0.2.7:51000';
const ping = Buffer.from('PING\r\n');
const remotes = (): string[] => [...lab.entrance.clients].map(({ remote }) => remote);
const closed = (): Record<string, number> => Object.fromEntries(lab.entrance.counts.closed);

async function start(listener: object = {}): Promise<void> {
  lab = await GatewayLab.start({ listener: { proxyProtocol: true, ...listener } });
}

/** A load balancer: sends the header together with the first bytes of its client. */
async function balancer(header: Buffer): Promise<number> {
  const relay = createServer((client) => {
    const onward = lab.keep(connect({ port: lab.port, host: lab.host }), (socket) => socket.destroy());
    for (const socket of [client, onward]) socket.on('error', () => {});
    client.once('data', (first: Buffer) => {
      onward.write(Buffer.concat([header, first]));
      client.pipe(onward).pipe(client);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, lab.host, resolve));
  lab.keep(relay, (one) => one.close());
  return (relay.address() as AddressInfo).port;
}

function secure(socket: Socket): RawClient {
  const tls = connectTls({ socket, ca, servername: 'localhost' });
  return lab.keep(new RawClient(tls), (one) => one.socket.destroy());
}

describe('the PROXY protocol', () => {
  it('says who the client is, however its header is cut, and what comes behind is served', async () => {
    await start();
    const bytes = Buffer.concat([proxyHeader({ more: Buffer.alloc(64, 1) }), ping]);
    await lab.raw().write(bytes).until('+PONG\r\n');
    expect(remotes()).toEqual([CLIENT]);
    const slow = lab.raw();
    slow.socket.setNoDelay(true);
    for (const byte of bytes) {
      await new Promise((resolve) => slow.socket.write(Buffer.from([byte]), resolve));
    }
    await slow.until('+PONG\r\n');
    // Once it is served it is read as any other: large commands, pipelines.
    const value = 'x'.repeat(300_000);
    await slow.write(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${value.length}\r\n${value}\r\n`).until('+OK\r\n');
    expect(remotes()).toEqual([CLIENT, CLIENT]);
    const check = proxyHeader({ version: 0x20, family: 0, addresses: Buffer.alloc(0) });
    const balancer = lab.raw().write(Buffer.concat([check, ping]));
    await balancer.until('+PONG\r\n');
    expect(remotes()[2]).toBe(`127.0.0.1:${balancer.socket.localPort}`);
  });

  it('comes before TLS; certificates are renewed as ever', async () => {
    await start({ tls: { ...server } });
    const port = await balancer(proxyHeader());
    const through = () => secure(connect({ port, host: lab.host }));
    await through().write('PING\r\n').until('+PONG\r\n');
    const parted = connect({ port: lab.port, host: lab.host });
    parted.write(proxyHeader());
    await secure(parted).write('PING\r\n').until('+PONG\r\n');
    expect(remotes()).toEqual([CLIENT, CLIENT]);
    await lab.gateway.reload({ ...lab.options, listeners: [{ ...lab.options.listeners[0]!, tls: { ...server } }] });
    await through().write('PING\r\n').until('+PONG\r\n');
    const plain = lab.raw().write(Buffer.concat([proxyHeader(), ping]));
    await plain.untilClosed();
    expect([lab.entrance.counts.handshakesFailed, closed()]).toEqual([1, {}]);
  });

  it('without a header, with a broken one, with half of one: closed and counted, nobody is let in', async () => {
    await start({ limits: { handshakeTimeoutMs: 200 } });
    const half = proxyHeader().subarray(0, 20);
    const clients = [
      lab.raw().write(ping),
      lab.raw().write(proxyHeader({ addresses: IPV4.subarray(2) })),
      lab.raw().write(half),
      lab.raw(),
    ];
    clients.push(lab.raw().write(half));
    clients[4]!.socket.end();
    await Promise.all(clients.map((client) => client.untilClosed()));
    await waitFor(closed, { deadlineMs: 5_000, what: 'all', until: (reasons) => reasons['proxy-header'] === 5 });
    expect(clients.map(({ text }) => text)).toEqual(['', '', '', '', '']);
    expect([lab.entrance.counts.accepted, closed()]).toEqual([0, { 'proxy-header': 5 }]);
    await lab
      .raw()
      .write(Buffer.concat([proxyHeader(), ping]))
      .until('+PONG\r\n');
  });

  it('a limit on connections counts behind it, and its farewell is read', async () => {
    await start({ limits: { connectionsMax: 1 } });
    await lab
      .raw()
      .write(Buffer.concat([proxyHeader(), ping]))
      .until('+PONG\r\n');
    const second = lab.raw().write(proxyHeader());
    await second.untilClosed();
    expect(second.text).toBe('-ERR max number of clients reached\r\n');
  });

  it('is off unless it is asked for', async () => {
    await start({ proxyProtocol: false });
    await lab.raw().write(ping).until('+PONG\r\n');
    const stranger = lab.raw().write(proxyHeader());
    await stranger.untilClosed();
    expect(stranger.text).toMatch(/^-ERR /);
  });
});
