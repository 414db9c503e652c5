import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import {
  type LabPair,
  type PairOptions,
  replicationOf,
  startPair,
  startSentinel,
} from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { switchPrimary } from '../../../src/switchover/index.js';
import { Conversation, NOTICE_CHANNEL } from '../../../src/topology/index.js';
import { CliHome, type Running } from './run-cli.js';

// All wait more than they work, each on servers of its own: so several at a time.
let home: CliHome;

beforeAll(async () => {
  home = await CliHome.make();
});
afterAll(() => home.leave());

interface Ground {
  readonly pair: LabPair;
  readonly primary: string;
  readonly replica: string;
}

async function start({ onTestFinished }: TestContext, options: PairOptions = {}): Promise<Ground> {
  const pair = await startPair(options);
  onTestFinished(() => pair.stop());
  return { pair, primary: pair.primary.address, replica: pair.replica.address };
}

async function rolesOf({ primary, replica }: LabPair): Promise<string[]> {
  return Promise.all([primary, replica].map(async (node) => (await replicationOf(node)).role));
}

describe.concurrent('segue switch', () => {
  it.for(['redis-7.0', 'valkey-8.1', 'valkey-9.1'] as const)(
    'switches a pair of %s, proves it, and tells of it',
    async (version, test) => {
      const { pair, primary, replica } = await start(test, { version, password: 'hunter2' });
      const report = home.path(`${version}.html`);
      const args = ['switch', '--nodes', primary, '--yes', '--json', '--report', report];
      const { code, stdout, stderr } = await home.run(args, { SEGUE_PASSWORD: 'hunter2' });
      expect(code, stderr).toBe(0);
      expect(await rolesOf(pair)).toEqual(['slave', 'master']);
      expect(stdout.trim().split('\n')).toHaveLength(1);
      const story = JSON.parse(stdout);
      expect(story).toMatchObject({
        outcome: 'switched',
        from: primary,
        to: replica,
        switch: { resync: 'partial', fence: { armed: true } },
        before: [
          { name: primary, role: 'primary' },
          { name: replica, role: 'replica' },
        ],
        after: [
          { name: replica, role: 'primary' },
          { name: primary, role: 'replica' },
        ],
        canary: { isProven: true, sequence: { missing: 0, doubled: 0, reordered: 0, unexpected: 0 } },
      });
      expect(story.canary.sequence.acknowledged).toBeGreaterThan(10);
      expect(await pair.replica.cli('KEYS', 'segue:*')).toEqual([]);
      const page = await readFile(report, 'utf8');
      expect(page).toContain(`${replica} took over from ${primary}`);
      expect(stderr).toContain('✓ promote');
      const journals = await readdir(home.path('segue'));
      const journal = await readFile(
        join(home.path('segue'), journals.find((name) => name.includes(primary.replace(':', '-')))!),
        'utf8',
      );
      expect(journal).toContain('"outcome":"switched"');
      for (const text of [stdout, stderr, page, journal]) expect(text).not.toContain('hunter2');
    },
  );

  it('only plans with --dry-run', async (test) => {
    const { pair, primary, replica } = await start(test);
    const { code, stderr, stdout } = await home.run(['switch', '--nodes', replica, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain(`${primary} (`);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'dry-run', from: primary, to: replica, others: [] });
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('asks before it does anything, or wants --yes where nobody can be asked', async (test) => {
    const { pair, primary } = await start(test);
    const { code, stderr } = await home.run(['switch', '--nodes', primary]);
    expect(code).toBe(2);
    expect(stderr).toContain('say --yes to switch, or --dry-run to only look');
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('does not begin when a check refuses', async (test) => {
    const { pair, primary } = await start(test);
    await pair.replica.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
    await pair.replica.cli('REPLICAOF', '127.0.0.1', '1');
    const { code, stderr } = await home.run(['switch', '--nodes', `${primary},${pair.replica.address}`, '--yes']);
    expect(code).toBe(3);
    expect(stderr).toContain('not fit for a switch');
    expect((await replicationOf(pair.primary)).role).toBe('master');
  });

  it('finds out before the switch that the report cannot be written', async (test) => {
    const { pair, primary } = await start(test);
    const report = home.path('nowhere/out.html');
    const { code, stderr } = await home.run(['switch', '--nodes', primary, '--yes', '--report', report]);
    expect(code).toBe(2);
    expect(stderr).toContain('--report: cannot write the file');
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('leaves canary and notice out when told to', async (test) => {
    const { pair, primary } = await start(test);
    const { code, stdout } = await home.run([
      'switch',
      '--nodes',
      primary,
      '--yes',
      '--json',
      '--no-canary',
      '--no-notice',
    ]);
    expect(code).toBe(0);
    const story = JSON.parse(stdout);
    expect(story.outcome).toBe('switched');
    expect(story).not.toHaveProperty('canaryTrouble');
    expect(story).not.toHaveProperty('canary');
    expect(story.switch.sessions).not.toHaveProperty('hold');
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('switches by FAILOVER, too, and proves that as well', async (test) => {
    const { pair, primary, replica } = await start(test, { version: 'valkey-8.1' });
    const { code, stdout, stderr } = await home.run([
      'switch',
      '--nodes',
      primary,
      '--yes',
      '--json',
      '--method',
      'failover',
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('FAILOVER; writes wait about half a second');
    const story = JSON.parse(stdout);
    expect(story).toMatchObject({
      outcome: 'switched',
      from: primary,
      to: replica,
      switch: { method: 'failover', resync: 'partial', fence: { armed: true } },
      canary: { isProven: true },
    });
    expect(story.switch.steps.map(({ name }: { name: string }) => name)).not.toContain('promote');
    for (const node of pair.nodes) {
      expect(await node.cli('CONFIG', 'GET', 'min-replicas-to-write')).toEqual(['min-replicas-to-write', '0']);
    }
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('takes further replicas along, and needs to be told which one is meant', async (test) => {
    const { pair, primary, replica } = await start(test, { replicas: 2 });
    const unsure = await home.run(['switch', '--nodes', primary, '--yes']);
    expect(unsure.code).toBe(3);
    expect(unsure.stderr).toContain('say which: --to');
    const { code, stdout } = await home.run(['switch', '--nodes', primary, '--yes', '--json', '--to', replica]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).switch.others).toEqual([{ node: pair.nodes[2]!.address, resync: 'partial' }]);
    expect(await replicationOf(pair.nodes[2]!)).toMatchObject({ role: 'slave', port: pair.replica.port });
  });
});

describe.concurrent('segue switch reaches', () => {
  it('nodes over TLS, with a certificate of its own', async (test) => {
    const { pair, primary } = await start(test, { tls: true });
    const { ca, cert, key } = pair.primary.tls as { ca: string; cert: string; key: string };
    for (const [name, text] of Object.entries({ ca, cert, key })) await writeFile(home.path(`${name}.pem`), text);
    const tls = { SEGUE_TLS_CA: 'ca.pem', SEGUE_TLS_CERT: 'cert.pem', SEGUE_TLS_KEY: 'key.pem' };
    const { code, stdout, stderr } = await home.run(['switch', '--nodes', primary, '--yes', '--json'], tls);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'switched', canary: { isProven: true } });
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('nodes whose user may not write the canary, and says that it left it out', async (test) => {
    const users = [{ name: 'operator', password: 'hunter2', rules: '+@all ~segue:switch:* &*' }];
    const { pair, primary } = await start(test, { users });
    const args = ['switch', '--nodes', `valkey://operator:hunter2@${primary}`, '--yes', '--json'];
    const { code, stdout, stderr } = await home.run(args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).canaryTrouble).toContain('NOPERM');
    expect(stdout + stderr).not.toContain('hunter2');
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('the Sentinels of the pair, at once', async (test) => {
    const { pair, primary, replica } = await start(test, { version: 'valkey-9.1' });
    const sentinel = await startSentinel({ version: 'valkey-9.1', primary: pair.primary });
    try {
      await waitFor(async () => (await sentinel.cli('SENTINEL', 'REPLICAS', sentinel.service)) as unknown[], {
        deadlineMs: 20_000,
        what: 'the Sentinel to know the replica',
        until: (replicas) => replicas.length === 1,
      });
      const args = ['switch', '--nodes', primary, '--yes', '--json', '--sentinels', `127.0.0.1:${sentinel.port}`];
      const { code, stdout, stderr } = await home.run(args);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('they are told right after the promotion');
      expect(JSON.parse(stdout).sentinels).toMatchObject([{ outcome: 'told', to: replica }]);
      expect(await sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinel.service)).toEqual(replica.split(':'));
    } finally {
      await sentinel.stop();
    }
  });
});

describe.concurrent('a switch that does not come to its end', () => {
  /** Somebody who listens to notices and answers none: the switch waits a second for him, twice. */
  async function withDeafListener(
    test: TestContext,
  ): Promise<{ pair: LabPair; primary: string; stopListening: () => void }> {
    const { pair, primary } = await start(test);
    const { host, port } = pair.primary;
    const listener = new Conversation({ address: { kind: 'tcp', host, port }, connectTimeoutMs: 5_000 });
    await listener.request(['SUBSCRIBE', NOTICE_CHANNEL]);
    return { pair, primary, stopListening: () => listener.close() };
  }

  /** Starts one and resolves when it is fenced and waits for the listener. */
  async function fenced(primary: string): Promise<Running> {
    const running = home.start(['switch', '--nodes', primary, '--yes', '--no-canary']);
    await waitFor(() => running.stderr().includes('✓ fence'), { deadlineMs: 20_000, what: 'the fence' });
    return running;
  }

  it('is undone when it is interrupted, and says so', async (test) => {
    const { pair, primary, stopListening } = await withDeafListener(test);
    const before = await pair.primary.cli('CONFIG', 'GET', 'min-replicas-to-write');
    const { child, ended } = await fenced(primary);
    child.kill('SIGINT');
    const { code, stderr, stdout } = await ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('interrupted: what can be undone is undone');
    expect(stdout).toContain('was given up, and nothing has changed');
    expect(await pair.primary.cli('CONFIG', 'GET', 'min-replicas-to-write')).toEqual(before);
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
    stopListening();
  });

  it('is in the way of another until it is resumed, when it was killed', async (test) => {
    const { pair, primary, stopListening } = await withDeafListener(test);
    const { child, ended } = await fenced(primary);
    child.kill('SIGKILL');
    await ended;
    stopListening();
    const again = await home.run(['switch', '--nodes', primary, '--yes']);
    expect(again.code, again.stderr).toBe(3);
    expect(again.stderr).toContain('segue switch --resume');
    const report = home.path('undone.html');
    const resumed = await home.run(['switch', '--nodes', primary, '--resume', '--json', '--report', report]);
    expect(resumed.code, resumed.stderr).toBe(4);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: 'undone' });
    expect(await readFile(report, 'utf8')).toContain('was given up, and nothing has changed');
    const once = await home.run(['switch', '--nodes', primary, '--resume', '--report', home.path('nothing.html')]);
    expect(once.stderr).toContain('no report: there is nothing to tell');
    expect(existsSync(home.path('nothing.html'))).toBe(false);
    expect(once.stdout).toContain('there is nothing to resume');
    expect(once.code).toBe(0);
    const after = await home.run(['switch', '--nodes', primary, '--yes']);
    expect(after.code, after.stderr).toBe(0);
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('is reported by the one who finishes it', async (test) => {
    const { pair, primary, replica } = await start(test);
    const [journalPath, report] = [home.path('broken.journal'), home.path('finished.html')];
    const broken = switchPrimary({
      from: `valkey://${primary}`,
      to: `valkey://${replica}`,
      journalPath,
      onBoundary: ({ step, side }) => {
        if (step === 'promote' && side === 'after') throw new Error('the operator ends here');
      },
    });
    await expect(broken).rejects.toThrow('the operator ends here');
    const args = ['switch', '--nodes', primary, '--resume', '--journal', journalPath, '--report', report];
    const { code, stdout, stderr } = await home.run(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`finished, ${replica} is the primary`);
    const page = await readFile(report, 'utf8');
    expect(page).toContain(`${replica} took over from ${primary}.`);
    expect(page).toContain(`It had been broken off, and was ended later: ${replica} has been promoted.`);
    expect(page).toContain('<td class="name">demote</td>');
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('cannot be resumed where there is none', async (test) => {
    const { primary } = await start(test);
    const { code, stderr } = await home.run(['switch', '--nodes', primary, '--resume']);
    expect(code).toBe(2);
    expect(stderr).toContain('nothing to resume');
  });
});

describe.concurrent('segue --help', () => {
  it.each(['status', 'check', 'switch'])('%s has examples and exit codes', async (name) => {
    const { code, stdout } = await home.run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`segue ${name} --nodes`);
    expect(stdout).toContain('Exit codes:');
  });
});
