import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { limitsOf } from '../../../src/gateway/gateway-options.js';
import { openClient } from '../../../src/lab/load/index.js';
import { makeTlsMaterial, sharedTlsMaterial } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { GatewayLab, RawClient } from './lab.js';

let lab: GatewayLab;
afterEach(() => lab?.stop());

const material = sharedTlsMaterial();
const { server, ca, client } = material;
const mutual = { ...server, ca, requestCert: true, rejectUnauthorized: true };

function secure(options: object): RawClient {
  const socket = connectTls({ port: lab.port, host: lab.host, ca, ...options });
  return lab.keep(new RawClient(socket), (one) => one.socket.destroy());
}

describe('TLS', () => {
  it('on both sides: clients and nodes, across a switch', async () => {
    lab = await GatewayLab.start({ pair: { tls: true }, listener: { tls: { ...server } } });
    const tls = openClient({
      library: 'ioredis6',
      host: lab.host,
      port: lab.port,
      segue: false,
      options: { tls: { ca } },
    });
    lab.keep(tls, (one) => one.disconnect());
    const large = Buffer.alloc(3 * 1024 * 1024, 'x');
    await tls.set('large', large);
    const writes = Array.from({ length: 100 }, () => tls.incr('n'));
    await lab.switchOver();
    await Promise.all(writes);
    expect(await tls.get('n')).toBe('100');
    expect((await tls.getBuffer('large'))?.equals(large)).toBe(true);
    const quitting = secure({}).write('PING\r\nQUIT\r\n');
    await quitting.untilClosed();
    expect(quitting.text).toBe('+PONG\r\n+OK\r\n');
  });

  it('mutual: only clients with a certificate of the authority, and their sessions say so', async () => {
    lab = await GatewayLab.start({ listener: { tls: mutual } });
    await secure({ ...client })
      .write('PING\r\n')
      .until('+PONG\r\n');
    const stranger = makeTlsMaterial();
    const without = secure({}).write('PING\r\n');
    const forged = secure({ ...stranger.client }).write('PING\r\n');
    await Promise.all([without.untilClosed(), forged.untilClosed()]);
    expect([without.text, forged.text]).toEqual(['', '']);
    expect(lab.entrance.counts.handshakesFailed).toBeGreaterThanOrEqual(1);
    expect(lab.entrance.counts.accepted).toBe(1);
  });

  it('plain bytes, and handshakes that do not come, are closed and counted', async () => {
    lab = await GatewayLab.start({ listener: { tls: { ...server }, limits: { handshakeTimeoutMs: 200 } } });
    const plain = lab.raw().write('PING\r\n');
    const silent = lab.raw();
    await Promise.all([plain.untilClosed(), silent.untilClosed()]);
    await waitFor(() => lab.entrance.counts.handshakesFailed, {
      deadlineMs: 5_000,
      what: 'both',
      until: (n) => n === 2,
    });
    expect(lab.entrance.clients.size).toBe(0);
  });

  it('certificates are renewed without a restart; who is there stays', async () => {
    const listener = { name: 'main', listen: '127.0.0.1:0', tls: { ...server } };
    lab = await GatewayLab.start({ listener });
    const before = secure({}).write('PING\r\n');
    await before.until('+PONG\r\n');
    const fresh = makeTlsMaterial();
    const { changed } = await lab.gateway.reload({
      ...lab.options,
      listeners: [{ ...listener, tls: { ...fresh.server } }],
    });
    expect(changed).toEqual(['certificates of main']);
    await secure({}).untilClosed();
    await secure({ ca: fresh.ca }).write('PING\r\n').until('+PONG\r\n');
    await before.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    expect(lab.entrance.limits).toEqual(limitsOf());
  });
});

describe('a unix socket', () => {
  it('serves, with the permissions that were asked for; a socket left behind is replaced, one in use is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'segue-gateway-test-'));
    const path = join(folder, 'gateway.sock');
    try {
      lab = await GatewayLab.start({ listener: { listen: `unix:${path}`, unixMode: 0o660 } });
      expect((await stat(path)).mode & 0o777).toBe(0o660);
      const one = lab.keep(new RawClient(connect({ path })), (raw) => raw.socket.destroy());
      await one.write('PING\r\n').until('+PONG\r\n');
      expect([...lab.entrance.clients].map(({ remote }) => remote)).toEqual(['unix']);
      await expect(GatewayLab.start({ listener: { listen: `unix:${path}` } })).rejects.toThrow(/in use|EADDRINUSE/);
      await one.write('PING\r\n').until('+PONG\r\n+PONG\r\n');
    } finally {
      await lab.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
