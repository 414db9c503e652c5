import { afterEach, describe, expect, it } from 'vitest';
import {
  type LabPair,
  type PairOptions,
  replicationOf,
  serverVersions,
  startPair,
  waitFor,
  waitForSync,
} from '../../../../src/lab/servers/index.js';

const started: LabPair[] = [];

async function start(options: PairOptions): Promise<LabPair> {
  const pair = await startPair(options);
  started.push(pair);
  return pair;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((pair) => pair.stop()));
});

describe.each(serverVersions)('a pair of %s', (version) => {
  it('is in step when it is ready', async () => {
    const { primary, replica } = await start({ version });
    expect((await replicationOf(primary)).role).toBe('master');
    expect(await replicationOf(replica)).toMatchObject({ role: 'slave', state: 'connected', port: primary.port });
    await primary.cli('SET', 'key', 'value');
    await waitForSync(primary, [replica]);
    expect(await replica.cli('GET', 'key')).toBe('value');
  });

  it('goes on by partial resync when its replica restarts', async () => {
    const { primary, replica } = await start({ version });
    await primary.cli('SET', 'before', '1');
    await replica.restart();
    await primary.cli('SET', 'after', '1');
    await waitForSync(primary, [replica]);
    expect(await primary.info('stats')).toMatchObject({ sync_full: '1', sync_partial_ok: '1' });
    expect(await replica.cli('EXISTS', 'before', 'after')).toBe(2);
  });
});

describe('pairs', () => {
  it.each([
    ['valkey-8.1', 'valkey-9.1'],
    ['redis-7.0', 'valkey-9.1'],
  ] as const)('%s is replaced by %s, one node after the other, all by partial resync', async (from, to) => {
    const { primary: a, replica: b } = await start({ versions: [from] });
    await a.cli('SET', 'key', 'value');
    await waitForSync(a, [b]);
    await b.restart({ version: to });
    expect(b.version).toBe(to);
    await waitForSync(a, [b]);
    await a.cli('CLIENT', 'PAUSE', 10_000, 'WRITE');
    const { offset } = await replicationOf(a);
    await waitFor(() => replicationOf(b), {
      deadlineMs: 10_000,
      what: 'the replica to catch up',
      until: (view) => view.offset >= offset,
    });
    await b.cli('REPLICAOF', 'NO', 'ONE');
    await a.cli('REPLICAOF', b.host, b.port);
    await a.cli('CLIENT', 'UNPAUSE');
    await waitForSync(b, [a]);
    await a.restart({ version: to });
    await waitForSync(b, [a]);
    expect((await b.info('stats')).sync_full).toBe('0');
    expect((await b.info('stats')).sync_partial_ok).toBe('2');
    expect(await a.cli('GET', 'key')).toBe('value');
    expect([a.version, b.version]).toEqual([to, to]);
  });

  it('may have mixed versions and more replicas', async () => {
    const { nodes } = await start({ versions: ['valkey-8.1', 'valkey-9.1'], replicas: 2 });
    expect(nodes.map((node) => node.version)).toEqual(['valkey-8.1', 'valkey-9.1', 'valkey-9.1']);
  });

  it('replicate over TLS, with a password', async () => {
    const { primary, replica } = await start({ version: 'valkey-8.1', tls: true, password: 'secret' });
    await primary.cli('SET', 'key', 'value');
    await waitForSync(primary, [replica]);
    expect(await replica.cli('GET', 'key')).toBe('value');
    expect(await replica.cli('CONFIG', 'GET', 'tls-replication')).toEqual(['tls-replication', 'yes']);
  });

  it('may log in at each other as an ACL user', async () => {
    const users = [{ name: 'replication', password: 'r', rules: '+psync +replconf +ping' }];
    const primaryAuth = { username: 'replication', password: 'r' };
    const { primary, replica } = await start({ version: 'valkey-8.1', password: 'secret', users, primaryAuth });
    expect(await primary.cli('CLIENT', 'LIST', 'TYPE', 'replica')).toContain('user=replication');
    expect((await replicationOf(replica)).state).toBe('connected');
  });

  it('stop together, also when one has died', async () => {
    const pair = await start({ version: 'valkey-8.1' });
    pair.primary.kill('SIGKILL');
    await pair.stop();
    expect(pair.nodes.map((node) => node.running)).toEqual([false, false]);
  });
});
