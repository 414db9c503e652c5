import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LabPair, type PairOptions, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
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

describe('segue status', () => {
  it('finds the pair from its replica, for people and for scripts', async () => {
    const { primary, replica } = await start({ version: 'valkey-9.1' });
    const table = await home.run(['status', '--nodes', replica]);
    expect(table.stdout).toMatch(new RegExp(`${primary} +primary +Valkey 9\\.1`));
    expect(table.stdout).toMatch(new RegExp(`${replica} +replica +Valkey 9\\.1.* up, to ${primary}`));
    expect(table.stdout).not.toContain('\u001b');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await home.run(['status', '--nodes', `valkey://${replica}`, '--json']);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      primary,
      nodes: [
        { name: primary, role: 'primary', reachable: true, family: 'valkey' },
        { name: replica, role: 'replica', lagBytes: 0, link: { up: true, primary } },
      ],
    });
  });

  it('takes its settings from the environment or a file, too', async () => {
    const { primary } = await start({ password: 'hunter2' });
    await writeFile(home.path('secret'), 'hunter2\n');
    await writeFile(home.path('segue.yaml'), `nodes: [${primary}]\npassword-file: secret\n`);
    for (const ended of await Promise.all([
      home.run(['status', '--json'], { SEGUE_NODES: primary, SEGUE_PASSWORD: 'hunter2' }),
      home.run(['status', '--json', '--config', home.path('segue.yaml')]),
      home.run(['status', '--json', '--nodes', `valkey://:hunter2@${primary}`]),
    ])) {
      expect(JSON.parse(ended.stdout).primary).toBe(primary);
      expect(ended.stdout + ended.stderr).not.toContain('hunter2');
    }
  });

  it('shows no password to others on the machine', async () => {
    const { primary } = await start({ password: 'hunter2' });
    const { child, stdout, ended } = home.start(['status', '--watch', '--nodes', `valkey://:hunter2@${primary}`]);
    await waitFor(() => stdout().includes(primary), { deadlineMs: 20_000, what: 'the first line' });
    const title = await readFile(`/proc/${child.pid}/cmdline`, 'utf8').catch(() => 'segue status'); // where there is no /proc
    expect(title).toContain('segue status');
    expect(title).not.toContain('hunter2');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('works over TLS with a certificate of its own', async () => {
    const { pair, primary } = await start({ tls: true });
    const { ca, cert, key } = pair.primary.tls as { ca: string; cert: string; key: string };
    for (const [name, text] of Object.entries({ ca, cert, key })) await writeFile(home.path(`${name}.pem`), text);
    const tls = ['--tls-ca', 'ca.pem', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
    const { stdout, code } = await home.run(['status', '--json', '--nodes', primary, ...tls]);
    expect(JSON.parse(stdout).primary).toBe(primary);
    expect(code).toBe(0);
  });

  it('watches: a line each time where there is no terminal, until it is interrupted', async () => {
    const { primary, replica } = await start();
    const { child, stdout, ended } = home.start(['status', '--watch', '--interval', '50ms', '--nodes', primary]);
    await waitFor(() => stdout().split('\n').length > 3, { deadlineMs: 20_000, what: 'three lines' });
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([130, '']);
    expect(stdout().split('\n')[0]).toMatch(new RegExp(`^\\S+Z ${primary} primary; ${replica} replica in step`));
  });

  it('ends with 6 when there is no primary, and says why', async () => {
    const { pair, primary, replica } = await start();
    await pair.primary.stop();
    const { code, stdout } = await home.run(['status', '--nodes', `${primary},${replica}`]);
    expect(code).toBe(6);
    expect(stdout).toContain('no node says that it is primary');
    expect(stdout).toContain('ECONNREFUSED');
  });

  it('takes a password that nobody accepts for a mistake', async () => {
    const { primary } = await start({ password: 'hunter2' });
    const { code, stderr } = await home.run(['status', '--nodes', primary], { SEGUE_PASSWORD: 'wrong-one' });
    expect(code).toBe(2);
    expect(stderr).toContain('no node let us in');
    expect(stderr).not.toContain('wrong-one');
  });

  it.each([
    [['status'], 'which pair? --nodes valkey://host:port'],
    [['status', '--nodes', 'a:1', '--timeout', '5'], '--timeout must be a time with its unit'],
    [['status', '--nodez', 'a:1'], 'Did you mean --nodes?'],
    [['statuss'], 'Did you mean status?'],
    [['status', 'a:1'], 'too many arguments'],
  ])('refuses %j in words and without a stack', async (args, message) => {
    const { code, stdout, stderr } = await home.run(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('has colours only where they are wanted', async () => {
    const { primary } = await start();
    const run = (environment: Record<string, string>, ...flags: string[]) =>
      home.run(['status', '--nodes', primary, ...flags], environment);
    expect((await run({ FORCE_COLOR: '1' })).stdout).toContain('\u001b[');
    expect((await run({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).not.toContain('\u001b');
    expect((await run({ FORCE_COLOR: '1' }, '--no-color')).stdout).not.toContain('\u001b');
  });
});

describe('segue check', () => {
  it('ends with 0 for a pair that is fit, with every check in it', async () => {
    const { primary, replica } = await start();
    const { code, stdout } = await home.run(['check', '--nodes', primary, '--json']);
    const result = JSON.parse(stdout);
    expect(result.primary).toBe(primary);
    expect(result.findings.length).toBeGreaterThan(10);
    expect(result.findings.filter(({ verdict }: { verdict: string }) => verdict === 'refuse')).toEqual([]);
    expect(code).toBe(0);
    const table = await home.run(['check', '--nodes', replica]);
    expect(table.stdout).toContain('fit for a switch');
    expect(table.stdout).toMatch(/✓ lag +\S/);
  });

  it('ends with 3 when one refuses, with the reason and what to do', async () => {
    const { pair, primary, replica } = await start();
    await pair.replica.cli('CONFIG', 'SET', 'replica-read-only', 'no');
    await pair.replica.cli('REPLICAOF', 'NO', 'ONE');
    const { code, stdout } = await home.run(['check', '--nodes', `${primary},${replica}`]);
    expect(stdout).toMatch(/✗ target +\S/);
    expect(stdout).toContain('→ ');
    expect(stdout).toContain('not fit for a switch');
    expect(code).toBe(3);
  });
});
