import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  LabClient,
  type LabServer,
  type ServerOptions,
  serverVersions,
  startServer,
  waitFor,
} from '../../../../src/lab/servers/index.js';

const started: LabServer[] = [];

async function start(options: ServerOptions = {}): Promise<LabServer> {
  const server = await startServer({ version: 'valkey-9.1', ...options });
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe.each(serverVersions)('%s', (version) => {
  it('starts, answers, and leaves nothing when it is stopped', async () => {
    const server = await start({ version });
    expect(await server.cli('PING')).toBe('PONG');
    expect(server.version).toBe(version);
    const info = await server.info('server');
    expect(Number(info.process_id)).toBe(server.pid);
    expect(info.redis_version === server.fullVersion || info.valkey_version === server.fullVersion).toBe(true);
    await server.stop();
    expect(server.running).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  it('keeps its data, its port and CONFIG REWRITE through a restart', async () => {
    const server = await start({ version, password: 'pass word' });
    const { port, pid } = server;
    await server.cli('SET', 'key', 'value');
    await server.cli('CONFIG', 'SET', 'maxmemory', '123mb');
    expect(await server.cli('CONFIG', 'REWRITE')).toBe('OK');
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await server.cli('GET', 'key')).toBe('value');
    expect(await server.cli('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', String(123 * 2 ** 20)]);
  });
});

describe('a server', () => {
  it('takes whatever version there is', async () => {
    const server = await start({ version: 'any' });
    expect(server.version).toMatch(/^(redis|valkey)-\d+\.\d+$/);
  });

  it('listens on loopback only', async () => {
    const server = await start();
    expect(await server.cli('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  });

  it('takes arguments, users and a unix socket', async () => {
    const users = [{ name: 'app', password: 'secret', rules: '~app:* &* +@all -@admin' }];
    const server = await start({ args: ['--maxclients', '77'], users, unixSocket: true });
    expect(await server.cli('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77']);
    expect(existsSync(server.socketPath!)).toBe(true);
    const client = new LabClient({ host: server.host, port: server.port, username: 'app', password: 'secret' });
    try {
      expect(await client.command('ACL', 'WHOAMI')).toBe('app');
      await expect(client.command('SET', 'other', '1')).rejects.toMatchObject({ name: 'ReplyError', code: 'NOPERM' });
    } finally {
      client.close();
    }
  });

  it('speaks TLS, with client certificates where they are wanted', async () => {
    const server = await start({ tls: { clientCertificates: true } });
    expect(await server.cli('PING')).toBe('PONG');
    const { host, port, tls } = server;
    const stranger = new LabClient({ host, port, tls: { ca: tls!.ca! } });
    await expect(stranger.command('PING')).rejects.toMatchObject({ code: 'SEGUE_LAB_CONNECTION' });
    stranger.close();
  });

  it.each(['a b', '"quoted"', "it's", 'back\\slash', 'ünï', '#hash', '\t\n'])(
    'takes %j as its password',
    async (password) => {
      const server = await start({ password });
      expect(await server.cli('PING')).toBe('PONG');
      const stranger = new LabClient({ host: server.host, port: server.port });
      await expect(stranger.command('PING')).rejects.toMatchObject({ code: 'NOAUTH' });
      stranger.close();
    },
  );

  it('keeps passwords out of the process list', async () => {
    const server = await start({ password: 'very-secret' });
    if (!existsSync('/proc/self/cmdline')) return;
    expect(await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain('very-secret');
  });

  it('can be killed, tells how it ended, and starts again', async () => {
    const server = await start();
    server.kill('SIGKILL');
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(server.cli('PING')).rejects.toMatchObject({ code: 'SEGUE_LAB_CONNECTION' });
    await server.restart();
    expect(await server.cli('PING')).toBe('PONG');
  });

  it('can be frozen, and is stopped all the same', async () => {
    const server = await start();
    server.kill('SIGSTOP');
    const answer = server.cli('PING');
    server.kill('SIGCONT');
    expect(await answer).toBe('PONG');
    server.kill('SIGSTOP');
    await server.stop();
    expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('says why it did not start', async () => {
    const error = await startServer({ version: 'valkey-9.1', args: ['--no-such-option', '1'] }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ name: 'LabError', code: 'SEGUE_LAB_START_FAILED' });
    expect(String(error)).toMatch(/FATAL CONFIG FILE ERROR/);
  });

  it('does not take a port that somebody has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    const port = await waitFor(() => (other.address() as { port: number } | null)?.port, {
      deadlineMs: 5_000,
      what: 'a port',
      until: (value) => value !== undefined,
    });
    try {
      await expect(startServer({ version: 'valkey-9.1', port: port! })).rejects.toThrow(/Address already in use/i);
    } finally {
      other.close();
    }
  });

  it('says so when there is nowhere to put its folder', async () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = '/nowhere/at/all';
    try {
      await expect(startServer({ version: 'valkey-9.1' })).rejects.toMatchObject({ code: 'SEGUE_LAB_TEMP_DIR' });
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });
});
