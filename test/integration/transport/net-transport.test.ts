import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { makeTlsMaterial, waitFor } from '../../../src/lab/servers/index.js';
import {
  type Address,
  type DialOptions,
  formatAddress,
  type Link,
  type LinkError,
  netTransport,
} from '../../../src/transport/index.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

class Client {
  readonly events: string[] = [];
  text = '';
  error: LinkError | undefined;
  readonly link: Link;

  constructor(address: Address, options: Partial<DialOptions> = {}) {
    this.link = netTransport.dial(
      address,
      {
        onOpen: () => this.events.push('open'),
        onData: (chunk) => {
          this.text += chunk;
        },
        onWritable: () => this.events.push(`writable ${this.link.writable}`),
        onClose: (error) => {
          this.error = error;
          this.events.push(`close ${error?.code ?? 'in order'}`);
        },
      },
      { connectTimeoutMs: 5000, ...options },
    );
    closers.push(() => this.link.close());
  }

  until(event: string): Promise<unknown> {
    return waitFor(() => this.events.some((one) => one.startsWith(event)), { deadlineMs: 5000, what: `'${event}'` });
  }

  untilText(length: number): Promise<unknown> {
    return waitFor(() => this.text.length >= length, { deadlineMs: 5000, what: `${length} bytes` });
  }
}

async function listening(server: Server): Promise<Address & { kind: 'tcp' }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const echo = () => net.createServer((socket) => socket.pipe(socket));

describe.each<[string, Partial<DialOptions>]>([
  ['tcp', {}],
  ['tcp that carries little', { burden: 'little' }],
  ['tcp that carries much', { burden: 'much' }],
])('%s', (_name, how) => {
  test('bytes there and back, also those written before it is open', async () => {
    const client = new Client(await listening(echo()), how);
    expect(client.link.writable).toBe(false);
    client.link.write(Buffer.from('early '));
    await client.until('open');
    client.link.write(Buffer.from('late'));
    await client.untilText(10);
    expect(client.text).toBe('early late');
    client.link.close();
    expect(client.events).not.toContain('close in order');
    await client.until('close');
    expect(client.events.at(-1)).toBe('close in order');
    expect(client.link.writable).toBe(false);
  });

  test('a small write has left at once; memory may be used again', async () => {
    const client = new Client(await listening(echo()), how);
    await client.until('open');
    const chunk = Buffer.from('old');
    client.link.write(chunk);
    expect(client.link.writable).toBe(true);
    chunk.write('new');
    await client.untilText(3);
    expect([client.text, client.events]).toEqual(['old', ['open']]);
  });

  test('a backlog: not writable, then onWritable once, and only when it is gone', async () => {
    let accepted: Socket | undefined;
    const address = await listening(net.createServer({ pauseOnConnect: true }, (socket) => (accepted = socket)));
    const client = new Client(address, how);
    await client.until('open');
    await waitFor(() => accepted !== undefined, { deadlineMs: 5000, what: 'the connection' });
    for (let part = 0; part < 4; part++) client.link.write(Buffer.alloc(8 << 20));
    expect(client.link.writable).toBe(false);
    let bytes = 0;
    accepted!.on('data', (chunk) => {
      bytes += chunk.length;
    });
    accepted!.resume();
    await client.until('writable');
    await waitFor(() => bytes === 32 << 20, { deadlineMs: 5000, what: 'all bytes' });
    expect(client.events).toEqual(['open', 'writable true']);
  });

  test('a corked run of writes arrives in order and leaves the link writable', async () => {
    const client = new Client(await listening(echo()), how);
    await client.until('open');
    client.link.cork();
    for (const part of ['a', 'b', 'c']) client.link.write(Buffer.from(part));
    expect(client.link.writable).toBe(false);
    client.link.uncork();
    client.link.uncork();
    expect(client.link.writable).toBe(true);
    await client.untilText(3);
    expect([client.text, client.events]).toEqual(['abc', ['open']]);
  });

  test('pause and resume', async () => {
    const client = new Client(await listening(echo()), how);
    await client.until('open');
    client.link.pause();
    client.link.write(Buffer.from('x'));
    const other = new Client(await listening(echo()), how);
    await other.until('open');
    other.link.write(Buffer.from('y'));
    await other.untilText(1);
    expect(client.text).toBe('');
    client.link.resume();
    await client.untilText(1);
  });

  test('the other side ends in order, or not', async () => {
    const ending = new Client(await listening(net.createServer((socket) => socket.end('bye'))), how);
    await ending.until('close');
    expect([ending.text, ending.events]).toEqual(['bye', ['open', 'close in order']]);
    const resetting = net.createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const reset = new Client(await listening(resetting), how);
    reset.link.write(Buffer.from('x'));
    await reset.until('close');
    expect(reset.events.at(-1)).toBe('close SEGUE_LINK_LOST');
  });
});

describe('a dial that fails says which address, once', () => {
  test('refused', async () => {
    const address = await listening(echo());
    await closers.pop()!();
    const client = new Client(address);
    await client.until('close');
    expect(client.events).toEqual(['close SEGUE_LINK_DIAL']);
    expect(client.error?.message).toMatch(new RegExp(`^${formatAddress(address)}: cannot connect: .*ECONNREFUSED`));
  });

  test('no such socket', async () => {
    const client = new Client({ kind: 'unix', path: '/nowhere/x.sock' });
    await client.until('close');
    expect(client.error?.message).toMatch(/^unix:\/nowhere\/x.sock: cannot connect: /);
  });

  test('nobody answers the TLS handshake', async () => {
    const client = new Client(await listening(net.createServer(() => {})), { tls: {}, connectTimeoutMs: 50 });
    await client.until('close');
    expect(client.events).toEqual(['close SEGUE_LINK_TIMEOUT']);
    expect(client.error?.message).toMatch(/no connection within 50 ms$/);
  });

  test('TLS material that is none', async () => {
    const client = new Client(await listening(echo()), { tls: { ca: 'x', cert: 'y', key: 'z' } });
    await client.until('close');
    expect(client.events).toEqual(['close SEGUE_LINK_DIAL']);
  });

  test('closed while dialling', async () => {
    const client = new Client(await listening(echo()));
    client.link.close();
    await client.until('close');
    expect(client.events).toEqual(['close in order']);
  });
});

describe('tls', () => {
  const material = makeTlsMaterial();

  test('opens after the handshake; a small write is known to have left', async () => {
    const address = await listening(tls.createServer({ ...material.server }, (socket) => socket.pipe(socket)));
    const client = new Client(address, { tls: { ca: material.ca } });
    await client.until('open');
    client.link.write(Buffer.from('secret'));
    await client.untilText(6);
    await waitFor(() => client.link.writable, { deadlineMs: 5000, what: 'the backlog to be gone' });
    if (client.events.length > 1) expect(client.events).toEqual(['open', 'writable true']);
  });

  test('sends the host as server name, and checks the certificate against it', async () => {
    const names: string[] = [];
    const server = tls.createServer({
      ...material.server,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const { port } = await listening(server);
    const client = new Client({ kind: 'tcp', host: 'localhost', port }, { tls: { ca: material.ca } });
    await client.until('open');
    expect(names).toEqual(['localhost']);
    const wrong = new Client(
      { kind: 'tcp', host: '127.0.0.1', port },
      { tls: { ca: material.ca, servername: 'example.test' } },
    );
    await wrong.until('close');
    expect(wrong.events).toEqual(['close SEGUE_LINK_DIAL']);
  });

  test('an unknown authority is refused', async () => {
    const client = new Client(await listening(tls.createServer({ ...material.server })), { tls: {} });
    await client.until('close');
    expect(client.events).toEqual(['close SEGUE_LINK_DIAL']);
  });
});

test('a unix socket', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'segue-transport-'));
  closers.push(() => rm(dir, { recursive: true }));
  const path = join(dir, 's.sock');
  const server = echo();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closers.push(() => server.close());
  const client = new Client({ kind: 'unix', path });
  await client.until('open');
  client.link.write(Buffer.from('hi'));
  await client.untilText(2);
  client.link.close();
});

test('an unref link does not count as work', async () => {
  const address = await listening(echo());
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const before = new Client(address);
  await before.until('open');
  await waitFor(() => sockets() > 0, { deadlineMs: 5000, what: 'a socket' });
  const count = sockets();
  const quiet = new Client(address, { unref: true });
  await quiet.until('open');
  // The server's own end of it counts.
  await waitFor(() => sockets() === count + 1, { deadlineMs: 5000, what: 'one more socket, not two' });
});

describe("reading into memory of the link's own", () => {
  const total = 64 * 1024 * 1024;
  /** Sends bytes that tell where they stand. */
  const counting = () =>
    net.createServer((socket) => {
      const words = new Uint32Array(16 * 1024);
      let sent = 0;
      const more = () => {
        while (sent < total) {
          const part = words.map((_, at) => sent / 4 + at);
          sent += part.byteLength;
          if (!socket.write(new Uint8Array(part.buffer))) break;
        }
      };
      socket.on('drain', more);
      more();
    });

  test.each([
    { burden: 'much', keepEvery: 0, memoriesMax: 1 },
    { burden: 'much', keepEvery: 3, memoriesMax: Number.POSITIVE_INFINITY },
    { burden: 'little', keepEvery: 0, memoriesMax: 2 },
    { burden: 'little', keepEvery: 3, memoriesMax: Number.POSITIVE_INFINITY },
  ] as const)('carries $burden, of $keepEvery chunks one is kept', async ({ burden, keepEvery, memoriesMax }) => {
    const kept: { bytes: Buffer; at: number }[] = [];
    const memories = new Set<ArrayBufferLike>();
    let chunks = 0;
    let read = 0;
    const link = netTransport.dial(
      await listening(counting()),
      {
        onOpen() {},
        onWritable() {},
        onClose() {},
        onData(chunk) {
          memories.add(chunk.buffer);
          if (keepEvery > 0 && chunks++ % keepEvery === 0) kept.push({ bytes: chunk, at: read });
          else link.spent();
          read += chunk.length;
        },
      },
      { connectTimeoutMs: 5000, burden },
    );
    closers.push(() => link.close());
    await waitFor(() => read === total, { deadlineMs: 20_000, what: 'all bytes' });
    expect(memories.size).toBeLessThanOrEqual(memoriesMax);
    expect(kept.length > 0).toBe(keepEvery > 0);
    for (const { bytes, at } of kept) {
      const first = Math.ceil(at / 4) * 4 - at;
      for (let offset = first; offset + 4 <= bytes.length; offset += 4) {
        if (bytes.readUInt32LE(offset) !== (at + offset) / 4) throw new Error(`other bytes at ${at + offset}`);
      }
    }
  });
});
