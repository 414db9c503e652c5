import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  LabClient,
  type LabPair,
  type LabServer,
  serverVersions,
  startPair,
  waitFor,
} from '../../../../src/lab/servers/index.js';
import { isReached, type ReachedNode, type Survey, takeSurvey } from '../../../../src/switchover/survey/index.js';

const urlOf = (node: LabServer): string => `valkey://${node.address}`;
const replicasOf = (survey: Survey): ReachedNode[] =>
  survey.nodes.filter(isReached).filter((n) => n.role === 'replica');
const libraryCode = "#!lua name=songs\nredis.register_function('sing', function(keys, args) return 1 end)";

describe.each(serverVersions)('takeSurvey on %s', (version) => {
  let pair: LabPair;
  beforeAll(async () => {
    pair = await startPair({
      version,
      replicas: 2,
      users: [{ name: 'app', password: 'wordwordword', rules: '~* +@all' }],
    });
    await pair.primary.cli('FUNCTION', 'LOAD', libraryCode);
  });
  afterAll(() => pair?.stop());

  it('finds the whole pair from any of its nodes', async () => {
    for (const seed of pair.nodes) {
      const survey = await takeSurvey({ nodes: [urlOf(seed)] });
      expect(survey.primary?.name).toBe(pair.primary.address);
      expect(survey.nodes.map(({ name }) => name).sort()).toEqual(pair.nodes.map(({ address }) => address).sort());
      expect(survey.trouble).toBeUndefined();
    }
  });

  it('tells what every node is', async () => {
    const survey = await takeSurvey({ nodes: [urlOf(pair.primary)] });
    const family = version.split('-')[0];
    for (const node of survey.nodes.filter(isReached)) {
      expect(node).toMatchObject({ family, mode: 'standalone', failover: 'no-failover', loading: undefined });
      expect(node.version).toBe(pair.primary.fullVersion);
      expect(node.configFile).toMatch(/server\.conf$/);
      expect(node.users.map(({ name }) => name)).toEqual(['app', 'default']);
      expect(node.libraries).toMatchObject([{ name: 'songs', functions: ['sing'] }]);
      expect(node.commands.has('replicaof')).toBe(true);
      expect(node.config.get('replica-read-only')).toBe('yes');
      expect(node.withheld.size).toBe(0);
      expect(node.backlog.sizeBytes).toBeGreaterThan(0);
    }
    const digests = survey.nodes
      .filter(isReached)
      .map(({ users, libraries }) => [users[0]!.digest, libraries[0]!.digest]);
    expect(new Set(digests.map(String)).size).toBe(1);
    for (const replica of replicasOf(survey)) {
      expect(replica.link).toMatchObject({ primary: pair.primary.address, up: true, syncing: false });
      expect(replica.replid).toBe(survey.primary?.replid);
      expect(replica.lagBytes).toBeLessThan(100);
      expect(replica.lagSeconds).toBeLessThan(3);
    }
    expect(survey.primary?.replicas.map(({ state }) => state)).toEqual(['online', 'online']);
  });

  it('tells who is connected', async () => {
    const { host, port } = pair.primary;
    const client = new LabClient({ host, port });
    try {
      await client.command('CLIENT', 'SETNAME', 'billing');
      const knowsCapa = await client.command('CLIENT', 'CAPA', 'redirect').then(
        () => true,
        () => false,
      );
      await client.command('GET', 'song');
      const survey = await takeSurvey({ nodes: [urlOf(pair.primary)] });
      const seen = survey.primary?.clients.find(({ name }) => name === 'billing');
      const tells = knowsCapa && version !== 'valkey-8.0';
      expect(seen).toMatchObject({ command: 'get', role: 'application', capa: tells ? 'r' : undefined, db: 0 });
      expect(seen?.follows).toBe(tells ? 'yes' : 'no');
      expect(survey.primary?.clients.filter(({ role }) => role === 'replica')).toHaveLength(2);
      const brief = await takeSurvey({ nodes: [urlOf(pair.primary)] }, {}, { clients: false });
      expect(brief.primary?.clients).toEqual([]);
    } finally {
      client.close();
    }
  });
});

describe('a survey says why a node cannot be reached', () => {
  it('nobody listens', async () => {
    const pair = await startPair();
    try {
      await pair.replica.stop();
      const survey = await takeSurvey({ nodes: [urlOf(pair.primary), urlOf(pair.replica)] });
      expect(survey.primary?.name).toBe(pair.primary.address);
      expect(survey.nodes.at(-1)).toMatchObject({ reachable: false, name: pair.replica.address, why: 'refused' });
    } finally {
      await pair.stop();
    }
  });

  it('the password is wrong, and no password shows anywhere', async () => {
    const pair = await startPair({ password: 'quite-secret' });
    try {
      const wrong = await takeSurvey({ nodes: [`valkey://:nonsense@${pair.primary.address}`] });
      expect(wrong.nodes).toMatchObject([{ reachable: false, why: 'login' }]);
      expect(wrong.trouble).toContain('WRONGPASS');
      const none = await takeSurvey({ nodes: [urlOf(pair.primary)] });
      expect(none.nodes).toMatchObject([{ reachable: false, why: 'login' }]);
      const right = await takeSurvey({ nodes: [`valkey://:quite-secret@${pair.replica.address}`] });
      expect(right.primary?.name).toBe(pair.primary.address);
      expect(right.primary?.config.get('requirepass')).toBe('(set)');
      const everything = JSON.stringify([wrong, none, right], (_key, value) =>
        value instanceof Map || value instanceof Set ? [...value] : value,
      );
      expect(everything).not.toContain('quite-secret');
      expect(everything).not.toContain('nonsense');
    } finally {
      await pair.stop();
    }
  });

  it('TLS at one end only', async () => {
    const pair = await startPair({ tls: true });
    try {
      const tls = pair.primary.tls!;
      const good = await takeSurvey({ nodes: [`valkeys://${pair.replica.address}`], tls });
      expect(good.primary).toMatchObject({ name: pair.primary.address, url: `valkeys://${pair.primary.address}` });
      const plain = await takeSurvey({ nodes: [urlOf(pair.primary)] });
      expect(plain.nodes).toMatchObject([{ reachable: false, why: 'closed' }]);
      expect(plain.trouble).toContain('valkeys://');
      const untrusted = await takeSurvey({ nodes: [`valkeys://${pair.primary.address}`] });
      expect(untrusted.nodes).toMatchObject([{ reachable: false, why: 'tls' }]);
    } finally {
      await pair.stop();
    }
    const plainPair = await startPair();
    try {
      const survey = await takeSurvey({ nodes: [`valkeys://${plainPair.primary.address}`], timeoutMs: 200 });
      expect(survey.nodes).toMatchObject([{ reachable: false, why: 'timeout' }]);
      expect(survey.trouble).toContain('plain text');
    } finally {
      await plainPair.stop();
    }
  });

  it('the user may not ask', async () => {
    const users = [{ name: 'looker', password: 'secret', rules: '~* +@all -info' }];
    const some = [{ name: 'poor', password: 'secret', rules: '~* +@all -config -acl' }];
    const pair = await startPair({ users: [...users, ...some] });
    try {
      const looker = await takeSurvey({ nodes: [urlOf(pair.primary)], username: 'looker', password: 'secret' });
      expect(looker.nodes).toMatchObject([{ reachable: false, why: 'login' }]);
      const poor = await takeSurvey({ nodes: [urlOf(pair.primary)], username: 'poor', password: 'secret' });
      expect([...(poor.primary?.withheld.keys() ?? [])].sort()).toEqual(['config', 'users']);
      expect(poor.nodes).toHaveLength(2);
    } finally {
      await pair.stop();
    }
  });
});

describe('a survey across address translation', () => {
  it('calls a node by an address that others can use, although it was reached by a unix socket', async () => {
    const pair = await startPair({ unixSocket: true });
    try {
      const survey = await takeSurvey({ nodes: [`unix:${pair.primary.socketPath}`] });
      expect(survey.nodes.map(({ name }) => name)).toEqual([pair.primary.address, pair.replica.address]);
      expect(survey.primary?.names).toContain(`unix:${pair.primary.socketPath}`);
    } finally {
      await pair.stop();
    }
  });

  it('knows a node that announces an address that is not reachable from here', async () => {
    const pair = await startPair({ replicas: 1 });
    try {
      await pair.replica.cli('CONFIG', 'SET', 'replica-announce-ip', '203.0.113.7');
      await pair.replica.cli('REPLICAOF', 'NO', 'ONE');
      await pair.replica.follow(pair.primary);
      const called = `203.0.113.7:${pair.replica.port}`;
      const addressMap = { [called]: pair.replica.address };
      const survey = await waitFor(() => takeSurvey({ nodes: [urlOf(pair.primary)], addressMap }), {
        deadlineMs: 10_000,
        what: 'the replica to be listed as announced',
        until: ({ primary, nodes }) => nodes.length === 2 && primary?.replicas[0]?.name === called,
      });
      expect(survey.nodes.map(({ name }) => name)).toEqual([pair.primary.address, pair.replica.address]);
      expect(replicasOf(survey)[0]).toMatchObject({ announced: called });
      // Without the map, but with both as seeds, it is still one node.
      const unreachable = { [called]: '127.0.0.1:1' };
      const seeds = [urlOf(pair.primary), urlOf(pair.replica)];
      const both = await takeSurvey({ nodes: seeds, addressMap: unreachable });
      expect(both.nodes.map(({ name }) => name)).toEqual([pair.primary.address, pair.replica.address]);
      expect(replicasOf(both)[0]).toMatchObject({ announced: called });
    } finally {
      await pair.stop();
    }
  });
});
