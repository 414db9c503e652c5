import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import {
  LabClient,
  type LabPair,
  type LabServer,
  type PairOptions,
  replicationOf,
  type ServerVersion,
  startPair,
  startSentinel,
  startServer,
} from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import type { Boundary } from '../../../src/switchover/index.js';
import {
  type Restart,
  type UpgradeOptions,
  type UpgradeReport,
  upgradePair,
} from '../../../src/switchover/upgrade/index.js';

// All wait more than they work, each on servers of its own: so several at a time.
async function start({ onTestFinished }: TestContext, options: PairOptions): Promise<LabPair> {
  const pair = await startPair(options);
  onTestFinished(() => pair.stop());
  return pair;
}

async function journalIn({ onTestFinished }: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'segue-upgrade-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'journal');
}

/** As a service manager does it: SIGTERM, then the same command line with another program. */
function serviceManager(nodes: readonly LabServer[], version: ServerVersion, restarted: string[] = []): Restart {
  return async ({ port, role }) => {
    const node = nodes.find((one) => one.port === port)!;
    restarted.push(`${role} ${node.address}`);
    node.kill('SIGTERM');
    await node.exited;
    await node.restart({ version, replicaOf: null });
  };
}

/** Rates are of no interest here, so nobody waits for one. */
function upgrade(options: UpgradeOptions): Promise<UpgradeReport> {
  return upgradePair({ sampleMs: 20, ...options });
}

const urls = ({ nodes }: LabPair): string[] => nodes.map(({ address }) => `valkey://${address}`);

describe.concurrent('upgradePair', () => {
  it.for([
    ['redis-7.0', 'valkey-9.1'],
    ['valkey-8.1', 'valkey-9.1'],
  ] as const)('from %s to %s, restarted by SIGTERM, syncs partially every time', async ([from, to], test) => {
    const pair = await start(test, { version: from });
    const { primary, replica, nodes } = pair;
    await primary.cli('SET', 'key', 'value');
    const restarted: string[] = [];
    const journalPath = await journalIn(test);
    const report = await upgrade({
      nodes: [urls(pair)[1]!],
      restart: serviceManager(nodes, to, restarted),
      expect: to,
      journalPath,
    });
    expect(restarted).toEqual([`replica ${replica.address}`, `primary ${primary.address}`]);
    expect(report.primary).toBe(replica.address);
    expect(report.nodes.map(({ node, resync }) => [node, resync])).toEqual([
      [replica.address, 'partial'],
      [primary.address, 'partial'],
    ]);
    expect(nodes.map(({ version }) => version)).toEqual([to, to]);
    expect((await replicationOf(replica)).role).toBe('master');
    expect(await replicationOf(primary)).toMatchObject({ role: 'slave', port: replica.port, state: 'connected' });
    expect(await primary.cli('GET', 'key')).toBe('value');
    expect(await readFile(journalPath, 'utf8')).toMatch(/"record":"end"\}\n$/);
  });

  it('with three nodes restarts all replicas first, switches once, and can switch back', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1', replicas: 2 });
    const { primary, nodes } = pair;
    const restarted: string[] = [];
    const target = nodes[1]!.address;
    const report = await upgrade({
      nodes: urls(pair),
      restart: serviceManager(nodes, 'valkey-9.1', restarted),
      to: target,
      switchBack: true,
    });
    expect(restarted).toEqual([`replica ${nodes[2]!.address}`, `replica ${target}`, `primary ${primary.address}`]);
    expect(report.switches.map(({ to }) => to)).toEqual([target, primary.address]);
    expect(report.primary).toBe(primary.address);
    expect((await replicationOf(primary)).role).toBe('master');
    for (const node of nodes.slice(1)) {
      expect(await replicationOf(node)).toMatchObject({ role: 'slave', port: primary.port, state: 'connected' });
    }
    expect(report.nodes.every(({ resync }) => resync === 'partial')).toBe(true);
  });

  it('stops when the command fails, and goes on from there when it is resumed', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const { primary, replica, nodes } = pair;
    const journalPath = await journalIn(test);
    const options = { nodes: urls(pair), journalPath, restart: serviceManager(nodes, 'valkey-9.1') };
    const failing: Restart = async (node) => {
      if (node.port === primary.port) throw new Error('no such unit');
      return options.restart(node, new AbortController().signal);
    };
    const failed = upgrade({ ...options, restart: failing });
    await expect(failed).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_UNPROVEN' });
    await expect(failed).rejects.toThrow(`restart ${primary.address}: no such unit`);
    await expect(upgrade(options)).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_JOURNAL' });
    const report = await upgrade({ ...options, resume: true });
    expect(report.nodes.map(({ node }) => node)).toEqual([primary.address]);
    expect(report.switches).toEqual([]);
    expect(report.primary).toBe(replica.address);
    expect(nodes.map(({ version }) => version)).toEqual(['valkey-9.1', 'valkey-9.1']);
    await expect(upgrade({ ...options, resume: true })).rejects.toThrow('that upgrade is complete');
  });

  it('does not restart again, when it is resumed, what was restarted before it was killed', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const { replica, nodes } = pair;
    const journalPath = await journalIn(test);
    const restarted: string[] = [];
    const restart = serviceManager(nodes, 'valkey-9.1', restarted);
    const stop = new AbortController();
    const interrupted = upgrade({
      nodes: urls(pair),
      journalPath,
      signal: stop.signal,
      restart: async (node, signal) => {
        await restart(node, signal);
        stop.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_INTERRUPTED' });
    expect(restarted).toHaveLength(1);
    const report = await upgrade({ nodes: urls(pair), journalPath, restart, resume: true });
    expect(restarted).toHaveLength(2);
    expect(report.nodes).toMatchObject([
      {
        node: replica.address,
        before: expect.stringMatching(/^Valkey 8\.1/),
        after: expect.stringMatching(/^Valkey 9\.1/),
      },
      {},
    ]);
    expect(report.primary).toBe(replica.address);
  });

  it.for([
    ['before', 'undone and made again'],
    ['after', 'finished'],
  ] as const)(
    'broken off %s the promotion, the switch is %s when the upgrade is resumed',
    async ([side, _what], test) => {
      const pair = await start(test, { version: 'valkey-8.1' });
      const { replica, nodes } = pair;
      const journalPath = await journalIn(test);
      const restarted: string[] = [];
      const options = { nodes: urls(pair), journalPath, restart: serviceManager(nodes, 'valkey-9.1', restarted) };
      const onBoundary = (boundary: Boundary): void => {
        if (boundary.step === 'promote' && boundary.side === side) throw new Error('broken off');
      };
      await expect(upgrade({ ...options, switchOptions: { onBoundary } })).rejects.toThrow('broken off');
      const report = await upgrade({ ...options, resume: true });
      expect(restarted).toHaveLength(2);
      expect(report.primary).toBe(replica.address);
      expect(report.switches).toHaveLength(1);
      expect(await replica.cli('CONFIG', 'GET', 'min-replicas-to-write')).toEqual(['min-replicas-to-write', '0']);
      expect(nodes.map(({ version }) => version)).toEqual(['valkey-9.1', 'valkey-9.1']);
    },
  );

  it('says so when the command restarted nothing', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const stopped = upgrade({ nodes: urls(pair), restart: async () => {}, restartTimeoutMs: 300 });
    await expect(stopped).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_STOPPED' });
    await expect(stopped).rejects.toThrow(/still the same process: it was not restarted/);
    expect((await replicationOf(pair.primary)).role).toBe('master');
  });

  it('ends a command that takes too long', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const hanging: Restart = (_node, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const stopped = upgrade({ nodes: urls(pair), restart: hanging, restartTimeoutMs: 300 });
    await expect(stopped).rejects.toThrow(/took longer than 0.3 s/);
  });

  it('stops at a node that comes back as another version than expected', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const { primary, nodes } = pair;
    const options = { nodes: urls(pair), expect: 'valkey-9.1', journalPath: await journalIn(test) };
    const stopped = upgrade({ ...options, restart: serviceManager(nodes, 'valkey-8.1') });
    await expect(stopped).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_STOPPED' });
    await expect(stopped).rejects.toThrow(/came back as Valkey 8\.1\S*, not as valkey-9\.1/);
    expect((await replicationOf(primary)).role).toBe('master');
    const report = await upgrade({ ...options, restart: serviceManager(nodes, 'valkey-9.1'), resume: true });
    expect(report.nodes.map(({ before, after }) => [before.slice(0, 10), after.slice(0, 10)])).toEqual([
      ['Valkey 8.1', 'Valkey 9.1'],
      ['Valkey 8.1', 'Valkey 9.1'],
    ]);
  });

  it('names clients that should follow and do not leave, and goes on without them', async (test) => {
    const pair = await start(test, { version: 'valkey-9.1' });
    const { primary, nodes } = pair;
    const { host, port } = primary;
    const clients = [new LabClient({ host, port }), new LabClient({ host, port })];
    await clients[0]!.command('CLIENT', 'SETNAME', 'stubborn');
    await clients[0]!.command('CLIENT', 'CAPA', 'redirect');
    await clients[1]!.command('CLIENT', 'SETNAME', 'plain');
    let isOver = false;
    const working = clients.map(async (client) => {
      while (!isOver) await client.command('PING');
    });
    for (const work of working) work.catch(() => {}); // until the restart disconnects them
    const restart = serviceManager(nodes, 'valkey-9.1');
    const report = await upgrade({ nodes: urls(pair), restart, leaveTimeoutMs: 500 });
    isOver = true;
    await Promise.allSettled(working);
    for (const client of clients) client.close();
    const warning = report.warnings.find((text) => text.includes('still work on'));
    expect(warning).toContain('1 clients that should follow');
    expect(warning).toContain('stubborn (ping)');
  });

  it('tells a Sentinel, which takes the new primary for its own at once', async (test) => {
    const pair = await start(test, { version: 'valkey-8.1' });
    const { primary, replica, nodes } = pair;
    const sentinel = await startSentinel({ version: 'valkey-8.1', primary, quorum: 1, downAfterMs: 30_000 });
    try {
      await waitFor(() => sentinel.cli('SENTINEL', 'REPLICAS', 'pair'), {
        deadlineMs: 20_000,
        what: 'the Sentinel to know the replica',
        until: (replicas) => (replicas as unknown[]).length === 1,
      });
      const switchedAt: string[] = [];
      const report = await upgrade({
        nodes: urls(pair),
        restart: async (node, signal) => {
          switchedAt.push(await sentinel.primary());
          await serviceManager(nodes, 'valkey-9.1')(node, signal);
        },
        sentinels: [`valkey://${sentinel.host}:${sentinel.port}`],
      });
      expect(switchedAt).toEqual([primary.address, replica.address]);
      expect(report.warnings.filter((text) => text.includes('Sentinel'))).toEqual([]);
    } finally {
      await sentinel.stop();
    }
  });

  it('puts a node right that comes back as a primary', async (test) => {
    const pair = await start(test, { version: 'valkey-9.1' });
    const { replica, primary } = pair;
    const restart: Restart = async ({ port }) => {
      const node = port === replica.port ? replica : primary;
      await node.restart({ replicaOf: null, args: ['--replicaof', 'no', 'one'] });
    };
    const report = await upgrade({ nodes: urls(pair), restart });
    expect(report.warnings).toContainEqual(expect.stringContaining(`${replica.address} came back as a primary`));
    expect(await replicationOf(primary)).toMatchObject({ role: 'slave', port: replica.port, state: 'connected' });
  });

  it.for([
    [
      'a downgrade that cannot be loaded',
      'valkey-9.1',
      { expect: 'valkey-8.1' },
      /Valkey 8\.1 cannot load what Valkey 9/,
    ],
    [
      'a version that cannot take a copy',
      'valkey-8.0',
      { expect: 'redis-7.0' },
      /Redis 7\.0 cannot load what Valkey 8/,
    ],
    ['a version that is none', 'valkey-9.1', { expect: 'latest' }, /no version: "latest"/],
    ['a target that is no replica', 'valkey-9.1', { to: '127.0.0.1:1' }, /127\.0\.0\.1:1 is no replica/],
  ] as const)('refuses %s before anything is touched', async ([_what, version, extra, reason], test) => {
    const pair = await start(test, { version });
    const restart: Restart = () => Promise.reject(new Error('must not be called'));
    const refused = upgrade({ nodes: urls(pair), restart, ...extra });
    await expect(refused).rejects.toMatchObject({ code: 'SEGUE_UPGRADE_CHECK' });
    await expect(refused).rejects.toThrow(reason);
  });

  it('refuses when min-replicas-to-write would stop all writes meanwhile', async (test) => {
    const pair = await start(test, { version: 'valkey-9.1', args: ['--min-replicas-to-write', '1'] });
    const refused = upgrade({ nodes: urls(pair), restart: async () => {} });
    await expect(refused).rejects.toThrow(/it would refuse all writes/);
  });

  it('refuses a primary without a replica', async () => {
    const server = await startServer({ version: 'valkey-9.1' });
    try {
      const refused = upgrade({ nodes: [`valkey://${server.address}`], restart: async () => {} });
      await expect(refused).rejects.toThrow(/has no replica that could take over/);
    } finally {
      await server.stop();
    }
  });
});
