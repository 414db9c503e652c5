import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabPair, type PairOptions, replicationOf, startPair } from '../../../src/lab/servers/index.js';
import { CliHome } from './run-cli.js';

let home: CliHome;
let pair: LabPair | undefined;

beforeAll(async () => {
  home = await CliHome.make();
});
afterAll(() => home.leave());
afterEach(async () => {
  await pair?.stop();
  pair = undefined;
});

async function start(options: PairOptions = {}): Promise<{ pair: LabPair; primary: string; replica: string }> {
  pair = await startPair(options);
  return { pair, primary: pair.primary.address, replica: pair.replica.address };
}

async function rolesOf({ primary, replica }: LabPair): Promise<string[]> {
  return Promise.all([primary, replica].map(async (node) => (await replicationOf(node)).role));
}

describe('segue switch', () => {
  it.each(['redis-7.0', 'valkey-8.1', 'valkey-9.1'] as const)(
    'switches a pair of %s, proves it, and tells of it',
    async (version) => {
      const { pair, primary, replica } = await start({ version, password: 'hunter2' });
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

  it('only plans with --dry-run', async () => {
    const { pair, primary, replica } = await start();
    const { code, stderr, stdout } = await home.run(['switch', '--nodes', replica, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(stderr).toContain(`${primary} (`);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'dry-run', from: primary, to: replica, others: [] });
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('asks before it does anything, or wants --yes where nobody can be asked', async () => {
    const { pair, primary } = await start();
    const { code, stderr } = await home.run(['switch', '--nodes', primary]);
    expect(code).toBe(2);
    expect(stderr).toContain('say --yes to switch, or --dry-run to only look');
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('does not begin when a check refuses', async () => {
    const { pair, primary } = await start();
    await pair.replica.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
    await pair.replica.cli('REPLICAOF', '127.0.0.1', '1');
    const { code, stderr } = await home.run(['switch', '--nodes', `${primary},${pair.replica.address}`, '--yes']);
    expect(code).toBe(3);
    expect(stderr).toContain('not fit for a switch');
    expect((await replicationOf(pair.primary)).role).toBe('master');
  });

  it('finds out before the switch that the report cannot be written', async () => {
    const { pair, primary } = await start();
    const report = home.path('nowhere/out.html');
    const { code, stderr } = await home.run(['switch', '--nodes', primary, '--yes', '--report', report]);
    expect(code).toBe(2);
    expect(stderr).toContain('--report: cannot write the file');
    expect(await rolesOf(pair)).toEqual(['master', 'slave']);
  });

  it('leaves canary and notice out when told to', async () => {
    const { pair, primary } = await start();
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
    expect(story).toMatchObject({ outcome: 'switched', canaryTrouble: 'it was not wanted' });
    expect(story).not.toHaveProperty('canary');
    expect(story.switch.sessions).not.toHaveProperty('hold');
    expect(await rolesOf(pair)).toEqual(['slave', 'master']);
  });

  it('takes further replicas along, and needs to be told which one is meant', async () => {
    const { pair, primary, replica } = await start({ replicas: 2 });
    const unsure = await home.run(['switch', '--nodes', primary, '--yes']);
    expect(unsure.code).toBe(3);
    expect(unsure.stderr).toContain('say which: --to');
    const { code, stdout } = await home.run(['switch', '--nodes', primary, '--yes', '--json', '--to', replica]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).switch.others).toEqual([{ node: pair.nodes[2]!.address, resync: 'partial' }]);
    expect(await replicationOf(pair.nodes[2]!)).toMatchObject({ role: 'slave', port: pair.replica.port });
  });
});

describe('segue --help', () => {
  it.each(['status', 'check', 'switch'])('%s has examples and exit codes', async (name) => {
    const { code, stdout } = await home.run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`segue ${name} --nodes`);
    expect(stdout).toContain('Exit codes:');
  });
});
