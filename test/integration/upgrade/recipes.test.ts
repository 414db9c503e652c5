import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RestartCommand, type RestartRequest } from '../../../src/switchover/index.js';

/*
 * The recipes of docs/upgrade.md as they stand there, with a shell that is real and engines that are not: programs on the
 * PATH that write down how they were called. What an engine makes of it is not shown.
 */
const page = new URL('../../../docs/upgrade.md', import.meta.url);

let folder: string;
let path: string | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'segue-recipes-'));
  await mkdir(join(folder, 'bin'));
  path = process.env.PATH;
  process.env.PATH = `${join(folder, 'bin')}:${path}`;
});

afterEach(async () => {
  process.env.PATH = path;
  await rm(folder, { recursive: true, force: true });
});

interface Recipe {
  readonly command: string;
  /** What `./restart.sh` is to hold. */
  readonly script: string | undefined;
}

async function recipeOf(title: string): Promise<Recipe> {
  const text = await readFile(page, 'utf8');
  const section = text.split(/^(?=\*\*|## )/m).find((part) => part.startsWith(`**${title}.**`)) ?? '';
  const command = /--restart '([^']+)'/.exec(section)?.[1];
  if (command === undefined) throw new Error(`no recipe for ${title}`);
  return { command, script: /```sh\n([\s\S]*?)```/.exec(section)?.[1] };
}

/** Writes down its arguments, and the Docker it was to talk to. `ending`: what it does last. */
async function fake(name: string, ending = 'true'): Promise<void> {
  const told = `{ printf ${name}; for one; do printf ' [%s]' "$one"; done; printf ' %s\\n' "\${DOCKER_HOST-}"; }`;
  await program(join(folder, 'bin', name), `#!/bin/sh\n${told} >> '${join(folder, 'calls')}'\n${ending}\n`);
}

async function program(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o755);
}

async function calls(): Promise<string[]> {
  const text = await readFile(join(folder, 'calls'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.trim());
}

/** `change` puts folders of ours in the place of those of the recipe. */
async function restart(recipe: Recipe, node: Partial<RestartRequest>, change = (text: string) => text): Promise<void> {
  const file = join(folder, 'restart.sh');
  if (recipe.script !== undefined) await program(file, change(recipe.script));
  const request = { host: '10.0.0.2', port: 6379, role: 'replica', primary: { host: '10.0.0.1', port: 6379 } } as const;
  const command = new RestartCommand(recipe.command.replace('./restart.sh', file));
  await command.run({ ...request, ...node }, new AbortController().signal, () => {});
}

describe('the recipe for', () => {
  it('plain processes ends the server, waits for its end, and starts the new program', async () => {
    const home = join(folder, 'srv', '6379');
    await mkdir(home, { recursive: true });
    const server = spawn('sleep', ['600']);
    const ended = new Promise((resolve) => server.on('exit', (_code, signal) => resolve(signal)));
    await writeFile(join(home, 'server.pid'), `${server.pid}\n`);
    // It tells whether the old one was still there.
    await fake(
      'valkey-server',
      `kill -0 ${server.pid} 2>/dev/null && echo 'too early' >> '${join(folder, 'calls')}'; true`,
    );
    await restart(await recipeOf('Plain processes'), {}, (text) =>
      text.replace('/srv/valkey', join(folder, 'srv')).replace('/opt/valkey-9.1/bin', join(folder, 'bin')),
    );
    expect(await calls()).toEqual([`valkey-server [${home}/server.conf]`]);
    expect(await ended).toBe('SIGTERM');
  });

  it('systemd has the package installed on the host', async () => {
    await fake('ssh');
    await restart(await recipeOf('systemd'), {});
    expect(await calls()).toEqual(['ssh [10.0.0.2] [sudo] [apt-get] [install] [-y] [valkey-server]']);
  });

  it('systemd, with the new program in place, restarts the unit on the host', async () => {
    await fake('ssh');
    const [, command] = /already, `([^`]+)`/.exec(await readFile(page, 'utf8')) ?? [];
    await restart({ command: command!, script: undefined }, {});
    expect(await calls()).toEqual(['ssh [10.0.0.2] [sudo] [systemctl] [restart] [valkey-server]']);
  });

  it('Docker replaces the container by one of the new image, on the host', async () => {
    await fake('docker');
    await restart(await recipeOf('Docker'), {});
    const run = '[run] [-d] [--name] [valkey-6379] [--network] [host] [-v] [valkey-6379:/data]';
    expect(await calls()).toEqual([
      'docker [stop] [-t] [600] [valkey-6379] ssh://10.0.0.2',
      'docker [rm] [valkey-6379] ssh://10.0.0.2',
      `docker ${run} [valkey/valkey:9.1] [valkey-server] [/data/valkey.conf] ssh://10.0.0.2`,
    ]);
  });

  it('Docker ends where a step fails, and says so', async () => {
    await fake('docker', 'exit 1');
    await expect(restart(await recipeOf('Docker'), {})).rejects.toThrow('exit code 1');
    expect(await calls()).toHaveLength(1);
  });

  it('Kubernetes deletes the pod behind the name of the node', async () => {
    await fake('kubectl');
    await restart(await recipeOf('Kubernetes'), { host: 'valkey-0.valkey.default.svc' });
    expect(await calls()).toEqual(['kubectl [delete] [pod] [valkey-0] [--wait=true]']);
  });
});
