import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { LabClient, serverVersions } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';

// The command as users run it: compiled, in a process of its own, by the very script behind `npm start`.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const start = join(root, 'scripts', 'start.mjs');

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  readonly stderr: () => string;
}

const running: ChildProcess[] = [];

beforeAll(async () => {
  const { setup } = await import(join(root, 'scripts', 'setup.mjs'));
  setup();
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** What a run puts into the temporary folder is its own alone. */
async function temporaryFolder({ onTestFinished }: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'segue-demo-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function run(test: TestContext, args: readonly string[], program = start): Promise<Run> {
  return runIn(await temporaryFolder(test), args, program);
}

function runIn(temporary: string, args: readonly string[], program = start): Run {
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part;
    });
  }
  const ended = new Promise<Awaited<Run['ended']>>((resolve) => {
    child.on('close', (code) => resolve({ code, ...text }));
  });
  return { child, ended, stderr: () => text.stderr };
}

describe('npm start', () => {
  it.for([
    ['valkey-8.1', 'valkey-9.1'],
    ['redis-7.0', 'valkey-9.1'],
  ] as const)(
    'upgrades a pair from %s to %s under load, and Segue shows nothing but zeros',
    async ([from, to], test) => {
      const { ended } = await run(test, ['--from', from, '--to', to, '--duration', '3', '--json']);
      const { code, stdout, stderr } = await ended;
      const table = JSON.parse(stdout);
      expect(table.segue, stderr).toMatchObject({
        errors: 0,
        lost: 0,
        doubled: 0,
        reordered: 0,
        wrong: 0,
        stillStalled: false,
        jobs: { errors: 0, lost: 0, doubled: 0, wrong: 0 },
        notes: [],
      });
      expect(table.segue.writes).toBeGreaterThan(1000);
      expect(table.segue.jobs.done).toBeGreaterThan(10);
      // The comparison is honest only if the plain side has seen the switch.
      expect(table.plain.errorsByKind.READONLY).toBeGreaterThan(0);
      expect(table.plain.stillStalled).toBe(true);
      expect(table).toMatchObject({ ok: true, from, to, switch: { resync: 'partial' } });
      expect(table.primary.version).toContain(to);
      expect(table.replica).toMatchObject({ link: 'connected', inStep: true });
      expect(table.replica.version).toContain(to);
      expect(stdout.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain('switch: the replica becomes primary');
      expect(stderr).not.toContain('\u001b');
      expect(code).toBe(0);
    },
  );

  it.concurrent.for(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind after %s', async (signal, test) => {
    const temporary = await temporaryFolder(test);
    const { child, ended, stderr } = runIn(temporary, ['--duration', '600']);
    await waitFor(() => stderr().includes('✓ start a pair'), { deadlineMs: 30_000, what: 'the pair' });
    const ports = await serverPorts(temporary);
    expect(ports).toHaveLength(2);
    child.kill(signal);
    expect((await ended).code).toBe(130);
    await waitFor(async () => (await readdir(temporary)).length === 0, {
      deadlineMs: 10_000,
      what: 'the folders of the servers to go',
    });
    for (const port of ports) await expectNobodyAt(port);
  });

  it.concurrent.for([
    [['--from', 'valkey-7.2'], `There are: ${serverVersions.join(', ')}.`],
    [['--to', 'latest'], `There are: ${serverVersions.join(', ')}.`],
    [['--duration', 'long'], 'A number of seconds from 1 to 3600.'],
    [['--wat'], "unknown option '--wat'"],
  ] as const)('refuses %j with one message and no stack', async ([args, message], test) => {
    const { code, stdout, stderr } = await (await run(test, args)).ended;
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('segue', () => {
  it('knows its version and its commands', async (test) => {
    const main = join(root, 'dist', 'cli', 'main.js');
    expect((await (await run(test, ['--version'], main)).ended).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await (await run(test, ['--help'], main)).ended;
    expect(help.stdout).toContain('demo');
    expect(help.code).toBe(0);
  });
});

async function serverPorts(temporary: string): Promise<number[]> {
  const folders = await readdir(temporary);
  const texts = await Promise.all(folders.map((name) => readFile(join(temporary, name, 'server.conf'), 'utf8')));
  return texts.map((text) => Number(/^port (\d+)/m.exec(text)?.[1]));
}

async function expectNobodyAt(port: number): Promise<void> {
  const client = new LabClient({ host: '127.0.0.1', port });
  await expect(client.command('PING')).rejects.toThrow(/ECONNREFUSED|closed/);
  client.close();
}
