import { describe, expect, it } from 'vitest';
import { readAclUsers } from '../../../../src/switchover/survey/acl-facts.js';
import { readClients } from '../../../../src/switchover/survey/client-facts.js';
import { surveyClients } from '../../../../src/switchover/survey/client-survey.js';
import { readConfig } from '../../../../src/switchover/survey/config-facts.js';
import { readCounters } from '../../../../src/switchover/survey/counters.js';
import { readLibraries, readModules } from '../../../../src/switchover/survey/extension-facts.js';
import { readMemory } from '../../../../src/switchover/survey/memory-facts.js';
import { readPersistence } from '../../../../src/switchover/survey/persistence-facts.js';
import { readReplication } from '../../../../src/switchover/survey/replication-facts.js';
import { readServer } from '../../../../src/switchover/survey/server-facts.js';
import { captured } from './captured.js';

describe.each(captured.map((one) => [one.version, one] as const))('what %s says', (version, one) => {
  it('of itself', () => {
    const server = readServer(one.primary);
    expect(`${server.family}-${server.version}`.startsWith(version)).toBe(true);
    expect(server).toMatchObject({ mode: 'standalone', configFile: '/etc/server.conf' });
    expect(server.runId).toMatch(/^[0-9a-f]{40}$/);
  });

  it('of replication', () => {
    const primary = readReplication(one.primaryText, false)!;
    const replica = readReplication(one.replicaText, false)!;
    expect(primary).toMatchObject({ role: 'primary', link: undefined, failover: 'no-failover', replid2: undefined });
    expect(primary.replicas).toMatchObject([{ host: '127.0.0.1', state: 'online' }]);
    expect(replica).toMatchObject({ role: 'replica', replid: primary.replid, priority: 100 });
    expect(replica.link).toMatchObject({ up: true, syncing: false, host: '127.0.0.1' });
    expect(primary.backlog).toMatchObject({ active: true, firstOffset: 1 });
    expect(primary.backlog.sizeBytes).toBe(version === 'redis-7.0' ? 1_048_576 : 10_485_760);
    expect(readReplication(one.primaryText, true)?.replid).toBeUndefined();
    expect(readReplication('# nothing\r\n', false)).toBeUndefined();
  });

  it('of memory and persistence', () => {
    expect(readMemory(one.primary)).toMatchObject({ limitBytes: 0, policy: 'noeviction' });
    expect(readMemory(one.primary).usedBytes).toBeGreaterThan(500_000);
    expect(readPersistence(one.primary)).toMatchObject({
      loading: undefined,
      bgsaveRunning: false,
      lastBgsaveOk: true,
      aofEnabled: false,
      lastAofWriteOk: true,
    });
    const loading = new Map([...one.primary, ['loading', '1'], ['loading_loaded_perc', '43.2']]);
    expect(readPersistence(loading).loading).toEqual({ percent: 43.2 });
  });

  it('of what it has counted', () => {
    const primary = readCounters(one.primary);
    expect(primary.commands.get('set')?.calls).toBe(1);
    expect(primary.commands.get('lpush')).toMatchObject({ calls: 1, failed: 1 });
    expect(primary.errors.get('WRONGTYPE')).toBe(1);
    expect(primary.fullSyncs).toBe(1);
    expect(readCounters(one.replica).errors.get('READONLY')).toBe(1);
    expect(readCounters(one.replica).unexpectedErrorReplies).toBe(0);
  });

  it('of its clients', () => {
    const clients = readClients(one.clients);
    const billing = clients.find(({ name }) => name === 'billing');
    expect(billing).toMatchObject({ command: 'get', user: 'app', db: 3, queued: 1, subscriptions: 0 });
    expect(billing?.libName).toBe(version === 'redis-7.0' ? '' : 'jedis');
    expect(billing?.capa).toBe(version === 'redis-7.0' || version === 'valkey-8.0' ? undefined : 'r');
    const sorted = surveyClients(clients, true);
    expect(sorted.filter(({ role }) => role === 'replica')).toHaveLength(1);
    expect(sorted.filter(({ role }) => role === 'sentinel')).toHaveLength(version === 'redis-7.0' ? 2 : 0);
    const reader = sorted.find(({ name }) => name === 'reader');
    expect(reader).toMatchObject({ role: 'application', follows: 'no', subscriptions: 1 });
    expect(sorted.find(({ name }) => name === 'billing')?.follows).toBe(billing?.capa === 'r' ? 'yes' : 'no');
    expect(surveyClients(clients, false).every(({ follows }) => follows === 'yes')).toBe(true);
  });

  it('of users, functions and modules, without rules and hashes', () => {
    const users = readAclUsers(one.replies.users);
    expect(users).toMatchObject([
      { name: 'app', enabled: true, nopass: false },
      { name: 'default', enabled: true, nopass: true },
    ]);
    expect(JSON.stringify(users)).not.toContain('#');
    expect(readLibraries(one.replies.libraries)).toMatchObject([{ name: 'songs', functions: ['sing'], engine: 'LUA' }]);
    expect(readModules(one.replies.modules)).toEqual(
      version === 'valkey-9.1' ? [{ name: 'lua', version: 1, builtIn: true }] : [],
    );
  });

  it('of its configuration, by common names and without secrets', () => {
    const reply = [...(one.replies.config as string[]), 'requirepass', 'hush', 'primaryauth', 'hush'];
    const config = readConfig(reply);
    expect(config.get('replica-read-only')).toBe('yes');
    expect(config.get('min-replicas-to-write')).toBe('0');
    expect(config.get('repl-ping-replica-period')).toBe('10');
    expect([...config.keys()].filter((name) => /slave|primary/.test(name.replace(/^cluster-.*/, '')))).toEqual([]);
    expect(config.get('requirepass')).toBe('(set)');
    expect(config.get('masterauth')).toBe('(set)');
  });
});

describe('users are equal', () => {
  it('over all versions, when rules and passwords are', () => {
    const digests = captured.map(({ replies }) => readAclUsers(replies.users).map(({ digest }) => digest));
    for (const digest of digests) expect(digest).toEqual(digests[0]);
  });

  it('only then', () => {
    const [one, other, third] = readAclUsers([
      'user a on #01 ~* +@all',
      'user a on #02 ~* +@all',
      'user a on #01 ~* +get',
    ]);
    expect(new Set([one?.digest, other?.digest, third?.digest]).size).toBe(3);
  });
});

describe('clients of a server that does not tell capabilities', () => {
  const line = (id: number, addr: string, name: string): string =>
    `id=${id} addr=${addr} name=${name} flags=N db=0 cmd=get`;

  it('may be sessions of Segue where their host runs it', () => {
    const text = [
      line(1, '10.0.0.1:5000', 'segue-topology'),
      line(2, '10.0.0.1:5001', 'shop'),
      line(3, '10.0.0.2:5000', 'shop'),
      line(4, '[::1]:5000', ''),
    ].join('\n');
    const follows = surveyClients(readClients(text), true).map((client) => client.follows);
    expect(follows).toEqual(['yes', 'perhaps', 'no', 'no']);
  });

  it('are read in thousands, and whatever stands there', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => line(at + 1, `10.0.0.1:${at}`, `c${at}`)).join('\n');
    expect(surveyClients(readClients(many), true)).toHaveLength(10_000);
    expect(readClients('')).toEqual([]);
    expect(readClients('nonsense\nid=x\nid=')).toMatchObject([{ id: 0 }, { id: 0 }]);
  });
});
