import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../../src/lab/packages/run-program.js';
import { findServer, serversFolder, waitFor } from '../../../../src/lab/servers/index.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../../..');
let compiled: string;

beforeAll(async () => {
  await findServer('valkey-8.1');
  compiled = await mkdtemp(join(tmpdir(), 'segue-compiled-'));
  await writeFile(join(compiled, 'package.json'), '{ "type": "module" }');
  const config = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: { rootDir: join(root, 'src'), outDir: compiled, typeRoots: [join(root, 'node_modules/@types')] },
    include: [],
    files: [join(root, 'src/lab/servers/index.ts')],
  };
  await writeFile(join(compiled, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const built = await runProgram(process.execPath, [tsc, '-p', compiled]);
  if (built.status !== 0) throw new Error(`the lab does not compile: ${built.stdout}`);
});

afterAll(async () => {
  await rm(compiled, { recursive: true, force: true });
});

interface Owned {
  pid: number;
  dir: string;
}

/** Starts a process that owns a pair; it leads a process group, as a command in a terminal does. */
function startOwner(ending: string): { owner: ChildProcess; said: () => string } {
  let text = '';
  const owner = spawn(process.execPath, [join(here, 'owner.mjs'), join(compiled, 'lab/servers/index.js'), ending], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    env: { ...process.env, SEGUE_SERVERS_DIR: serversFolder() },
  });
  owner.stdout!.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return { owner, said: () => text };
}

async function ownedBy(said: () => string): Promise<Owned[]> {
  const line = await waitFor(
    () =>
      said()
        .split('\n')
        .find((each) => each.startsWith('[')) ?? '',
    {
      deadlineMs: 30_000,
      what: 'the pair to be up',
    },
  );
  return JSON.parse(line) as Owned[];
}

/** Folders of servers that the process with this id has started. */
function foldersOf(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`segue-lab-${pid}-`));
}

/** Processes, guards included, that have anything to do with the servers of this owner. Linux only; elsewhere none. */
function processesOf(pid: number): string[] {
  if (!existsSync('/proc/self/cwd')) return [];
  const mark = `segue-lab-${pid}-`;
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      if (readlinkSync(`/proc/${id}/cwd`).includes(mark)) return true;
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false; // ended, or not ours to look at
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (!existsSync('/proc/self/stat')) return true;
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8')); // nobody may be there to bury it
  } catch {
    return false;
  }
}

async function expectNothingLeft(owner: number, owned: readonly Owned[]): Promise<void> {
  const left = () => [
    ...foldersOf(owner),
    ...processesOf(owner),
    ...owned.filter(({ pid }) => isAlive(pid)).map(({ pid }) => pid),
  ];
  await waitFor(left, { deadlineMs: 10_000, what: 'nothing to be left', until: (list) => list.length === 0 });
  expect(left()).toEqual([]);
}

describe('servers end with their owner', () => {
  it.each(['exit', 'throw', 'stop'])('that ends by itself: %s', async (ending) => {
    const { owner, said } = startOwner(ending);
    const owned = await ownedBy(said);
    expect(owned).toHaveLength(2);
    await expectNothingLeft(owner.pid!, owned);
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)('that is killed by %s', async (signal) => {
    const { owner, said } = startOwner('wait');
    const owned = await ownedBy(said);
    expect(owned.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
    owner.kill(signal);
    await expectNothingLeft(owner.pid!, owned);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('that gets %s with its whole process group', async (signal) => {
    const { owner, said } = startOwner('wait');
    const owned = await ownedBy(said);
    process.kill(-owner.pid!, signal);
    await expectNothingLeft(owner.pid!, owned);
  });

  it('while one of them is frozen', async () => {
    const { owner, said } = startOwner('wait');
    const owned = await ownedBy(said);
    process.kill(owned[0]!.pid, 'SIGSTOP');
    owner.kill('SIGKILL');
    await expectNothingLeft(owner.pid!, owned);
  });

  it('that is killed while it starts them', async () => {
    for (const folders of [1, 1, 2, 2]) {
      const { owner } = startOwner('wait');
      await waitFor(() => foldersOf(owner.pid!), {
        deadlineMs: 30_000,
        what: `folder ${folders}`,
        until: (list) => list.length >= folders,
        intervalMs: 1,
      });
      owner.kill('SIGKILL');
      await expectNothingLeft(owner.pid!, []);
    }
  });
});

it('a process that stops its servers goes on after that, though what their guards leave behind is not yet over', async () => {
  const bin = await mkdtemp(join(tmpdir(), 'segue-bin-'));
  try {
    // It holds the guard's output for a moment longer than the guard lives.
    const remover = '#!/bin/sh\n(exec sleep 0.3) &\nPATH=/bin:/usr/bin exec rm "$@"\n';
    await writeFile(join(bin, 'rm'), remover, { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, SEGUE_SERVERS_DIR: serversFolder() };
    const args = [join(here, 'owner.mjs'), join(compiled, 'lab/servers/index.js'), 'stop'];
    const { status, stderr } = await runProgram(process.execPath, args, { env });
    expect([status, stderr]).toEqual([0, '']);
  } finally {
    await rm(bin, { recursive: true, force: true });
  }
});
