import { afterEach, describe, expect, it } from 'vitest';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import { startServer, waitFor } from '../../../src/lab/servers/index.js';
import { type Client, libraries } from './clients.js';
import { SwitchedPair } from './lab.js';

const version = 'valkey-9.1';

describe.each(libraries)('what a client of %s can do', (_name, Library) => {
  let pair: SwitchedPair | undefined;
  afterEach(async () => {
    await pair?.stop();
    pair = undefined;
  });
  const start = async (options = {}) => {
    pair = await SwitchedPair.start({ version, ...options });
    return pair;
  };
  const ended = (client: Client) =>
    waitFor(() => client.status === 'end', { deadlineMs: 5_000, what: 'the end of the client' });

  it('username, password and database', async () => {
    const own = await start({ password: 'secret', users: [{ name: 'app', password: 'pw' }] });
    const client = own.client(Library, { username: 'app', password: 'pw', db: 2 });
    await client.set('k', 'v');
    await own.switchOver();
    expect(await client.get('k')).toBe('v');
    expect(await client.call('ACL', 'WHOAMI')).toBe('app');
    expect(String(await client.client('INFO'))).toMatch(/ db=2 /);
    expect(own.errors).toEqual([]);
  });

  it('TLS', async () => {
    const own = await start({ tls: true });
    const client = own.client(Library);
    await client.set('k', 'v');
    await own.switchOver();
    await client.set('k', 'w');
    expect(await client.get('k')).toBe('w');
    expect(own.errors).toEqual([]);
  });

  it('a unix socket as the seed', async () => {
    const own = await start({ unixSocket: true });
    const client = own.client(Library, { host: undefined, port: undefined, path: own.primary.socketPath });
    await client.set('k', 'v');
    await own.switchOver();
    await client.set('k', 'w');
    expect(await client.get('k')).toBe('w');
    await own.switchOver();
    expect(await client.get('k')).toBe('w');
    expect(own.errors).toEqual([]);
  });

  it('duplicate, monitor and values of megabytes', async () => {
    const own = await start();
    const client = own.client(Library);
    const twin = own.keep(client.duplicate());
    const seen: string[] = [];
    const monitor = own.keep((await client.monitor()) as unknown as Client);
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    const large = 'ü'.repeat(3 * 1024 * 1024);
    await twin.set('large', large);
    await twin.set('binary', Buffer.alloc(5 * 1024 * 1024, 0xfe));
    await own.switchOver();
    expect(await twin.get('large')).toBe(large);
    expect((await twin.getBuffer('binary'))?.equals(Buffer.alloc(5 * 1024 * 1024, 0xfe))).toBe(true);
    await waitFor(
      async () => {
        await client.set('watched', 'now');
        return seen.some((line) => line.toLowerCase() === 'set watched now');
      },
      { deadlineMs: 5_000, what: 'MONITOR on the new primary' },
    );
    expect(own.errors).toEqual([]);
  });

  it('monitor under load: lines that come with the answer are not taken for answers', async () => {
    const own = await start();
    const client = own.client(Library);
    let running = true;
    const load = Array.from({ length: 20 }, async () => {
      while (running) await client.incr('n');
    });
    for (let round = 0; round < 10; round++) {
      const lines: string[] = [];
      const monitor = own.keep((await client.monitor()) as unknown as Client);
      monitor.on('monitor', (_time: string, args: string[]) => lines.push(args.join(' ')));
      await waitFor(() => lines.length > 10, { deadlineMs: 5_000, what: 'lines' });
      monitor.disconnect();
    }
    running = false;
    await Promise.all(load);
    expect(own.errors).toEqual([]);
  });

  it('offline queue, lazyConnect, quit, disconnect, and connecting again', async () => {
    const own = await start();
    const lazy = own.client(Library, { lazyConnect: true });
    expect(lazy.status).toBe('wait');
    expect(await lazy.set('k', 'v')).toBe('OK');
    expect(await lazy.quit()).toBe('OK');
    await ended(lazy);
    await lazy.connect();
    expect(await lazy.get('k')).toBe('v');
    lazy.disconnect();
    await ended(lazy);
    expect(own.errors).toEqual([]);
  });

  it('a wrong password is refused as without Segue', async () => {
    const own = await start({ password: 'secret' });
    const client = own.client(Library, { password: 'wrong', retryStrategy: () => null, maxRetriesPerRequest: 0 });
    await expect(client.get('k')).rejects.toThrow();
    expect(own.errors.map(String).join()).toMatch(/WRONGPASS|NOAUTH|refused/);
  });

  it('killed connections come back without an error', async () => {
    const own = await start();
    const client = own.client(Library);
    await client.set('k', 'v');
    await own.primary.cli('CLIENT', 'KILL', 'TYPE', 'normal');
    expect(await client.get('k')).toBe('v');
    expect(own.errors).toEqual([]);
  });
});

describe.each(libraries)('%s when the server is not there', (_name, Library) => {
  it('tells so by error events, and connects when it comes', async () => {
    const server = await startServer({ version });
    const { port } = server;
    await server.stop();
    const errors: Error[] = [];
    const client = new Library({
      port,
      connectTimeout: 300,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
      Connector: segueConnector(),
    });
    client.on('error', (error: Error) => errors.push(error));
    const written = client.set('k', 'v');
    await waitFor(() => errors.length > 0, { deadlineMs: 5_000, what: 'an error event' });
    expect(String(errors[0])).toMatch(/no primary found|ECONNREFUSED/);
    const again = await startServer({ version, port });
    expect(await written).toBe('OK');
    client.disconnect();
    await again.stop();
  });
});
