import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findPackages, type PackageSet, type PackageTree, type Progress } from '../../src/lab/packages/index.js';
import { findTool, type ServerVersion } from '../../src/lab/servers/index.js';
import { compileHiredis } from './compile-hiredis.js';
import { installGlide } from './install-glide.js';
import { programFile } from './places.js';
import type { Role } from './roles/index.js';

/** How to start a client's programs: what stands before the arguments of a role. */
export interface Launch {
  readonly command: readonly string[];
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One client library in one language. */
export interface ClientEntry {
  readonly name: string;
  readonly language: string;
  /** The last one is begun when all others are connected: who publishes. */
  readonly roles: readonly Role[];
  /** Whether it speaks RESP3: then every second role does. */
  readonly resp3: boolean;
  /** Unless the user says otherwise. */
  readonly switches: number;
  /** That each program makes between two switches. */
  readonly stepsBetween: number;
  /** Gets what is missing. Rejects with the reason why the client cannot be run here. */
  prepare(onProgress: Progress): Promise<Launch>;
}

export const everyRole: readonly Role[] = [
  'subscribe',
  'psubscribe',
  'consume',
  'produce',
  'single',
  'pipeline',
  'transaction',
  'script',
  'scan',
  'publish',
];

const suite = 'trixie';

function fetched(onProgress: Progress, name: string, packages: readonly string[], programs: readonly string[]) {
  const set: PackageSet = { name, suite, packages, programs };
  return findPackages(set, { onProgress });
}

/** The one entry of a folder whose name begins so: versions are Debian's affair. */
async function entryOf(folder: string, prefix: string): Promise<string> {
  const name = (await readdir(folder)).find((one) => one.startsWith(prefix));
  if (name === undefined) throw new Error(`${folder} has no ${prefix}…`);
  return join(folder, name);
}

/** Folders of a tree that are named after the machine, such as lib/x86_64-linux-gnu, relative to `usr/lib`. */
const triplet = (tree: PackageTree): string => tree.libraries[0]!.split('/').at(-1)!;

async function python(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'redis-py', ['python3-redis'], ['usr/bin/python3.13']);
  return {
    command: [...tree.command('usr/bin/python3.13'), programFile('redis_py.py')],
    env: { PYTHONHOME: join(tree.root, 'usr'), PYTHONPATH: '' },
  };
}

/** 200 subscribers in four processes, which more than one core can run. */
const hall = { publishers: 50, listeners: 50, processes: 4 };

async function pythonHall(onProgress: Progress): Promise<Launch> {
  const { command, env } = await python(onProgress);
  return {
    command: command.with(-1, programFile('redis_py_hall.py')),
    env: {
      ...env,
      SEGUE_HALL_PUBLISHERS: String(hall.publishers),
      SEGUE_HALL_LISTENERS: String(hall.listeners),
      SEGUE_HALL_PROCESSES: String(hall.processes),
    },
  };
}

async function php(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'phpredis', ['php-cli', 'php-redis'], ['usr/bin/php8.4']);
  const extensions = await entryOf(join(tree.root, 'usr/lib/php'), '20');
  const settings = [`extension_dir=${extensions}`, 'extension=igbinary', 'extension=redis'];
  const flags = ['-n', ...settings.flatMap((setting) => ['-d', setting])];
  return { command: [...tree.command('usr/bin/php8.4'), ...flags, programFile('phpredis.php')] };
}

async function ruby(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'redis-rb', ['ruby', 'ruby-redis'], ['usr/bin/ruby3.3']);
  const gems = join(tree.root, 'usr/share/rubygems-integration/all/gems');
  const libraries = [
    ...(await Promise.all(['redis-5', 'redis-client-', 'connection_pool-'].map((name) => entryOf(gems, name)))).map(
      (gem) => join(gem, 'lib'),
    ),
    join(tree.root, 'usr/lib/ruby/vendor_ruby'),
    join(tree.root, 'usr/lib/ruby/3.3.0'),
    join(tree.root, 'usr/lib', triplet(tree), 'ruby/3.3.0'),
  ];
  return {
    command: [...tree.command('usr/bin/ruby3.3'), '--disable=gems', programFile('redis_rb.rb')],
    env: { RUBYLIB: libraries.join(':'), RUBYOPT: '' },
  };
}

async function perl(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'redis-perl', ['libredis-perl', 'perl-base'], ['usr/bin/perl']);
  const machine = join(tree.root, 'usr/lib', triplet(tree));
  const folders = [
    join(tree.root, 'usr/share/perl5'),
    await entryOf(join(tree.root, 'usr/share/perl'), '5.'),
    await entryOf(join(machine, 'perl'), '5.'),
    join(machine, 'perl-base'),
  ];
  return {
    command: [...tree.command('usr/bin/perl'), programFile('redis_perl.pl')],
    env: { PERL5LIB: folders.join(':'), PERL5OPT: '' },
  };
}

async function lua(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'redis-lua', ['lua5.1', 'lua-redis'], ['usr/bin/lua5.1']);
  return {
    command: [...tree.command('usr/bin/lua5.1'), programFile('redis_lua.lua')],
    env: {
      LUA_INIT: '',
      LUA_PATH: join(tree.root, 'usr/share/lua/5.1/?.lua'),
      LUA_CPATH: join(tree.root, 'usr/lib', triplet(tree), 'lua/5.1/?.so'),
    },
  };
}

async function hiredis(onProgress: Progress): Promise<Launch> {
  const tree = await fetched(onProgress, 'hiredis', ['libhiredis-dev', 'libc6-dev', 'tcc'], ['usr/bin/tcc']);
  return { command: await compileHiredis(tree) };
}

async function pipe(version: ServerVersion, name: string): Promise<Launch> {
  const command = await findTool(version, 'cli');
  return {
    command: [process.execPath, programFile('pipe.mjs')],
    env: { SEGUE_PIPE_COMMAND: JSON.stringify(command), SEGUE_PIPE_NAME: `${name} of ${version}` },
  };
}

const node = (file: string) => async (): Promise<Launch> => ({ command: [process.execPath, programFile(file)] });

async function glide(onProgress: Progress): Promise<Launch> {
  const command = [process.execPath, programFile('glide.mjs')];
  return { command, env: { SEGUE_GLIDE_PACKAGE: await installGlide(onProgress) } };
}

const all = { roles: everyRole, resp3: true, switches: 50, stepsBetween: 5 };
const piped = { ...all, language: '--pipe', roles: ['pipe'] as const, resp3: false };

export const catalog: readonly ClientEntry[] = [
  { name: 'redis-py', language: 'Python', ...all, prepare: python },
  { name: 'phpredis', language: 'PHP', ...all, resp3: false, prepare: php },
  { name: 'redis-rb', language: 'Ruby', ...all, prepare: ruby },
  { name: 'hiredis', language: 'C', ...all, resp3: false, prepare: hiredis },
  { name: 'redis-perl', language: 'Perl', ...all, resp3: false, prepare: perl },
  { name: 'redis-lua', language: 'Lua', ...all, resp3: false, prepare: lua },
  { name: 'redis-cli', ...piped, prepare: () => pipe('redis-7.0', 'redis-cli') },
  { name: 'valkey-cli', ...piped, prepare: () => pipe('valkey-9.1', 'valkey-cli') },
  { name: 'node-redis', language: 'Node', ...all, prepare: node('node_redis.mjs') },
  { name: 'ioredis', language: 'Node', ...all, prepare: node('ioredis.mjs') },
  { name: 'glide', language: 'Node', ...all, prepare: glide },
  {
    name: 'redis-py-hall',
    language: 'Python',
    roles: [...Array<Role>(hall.processes).fill('listen'), 'broadcast'],
    resp3: true,
    switches: 100,
    stepsBetween: 1,
    prepare: pythonHall,
  },
];
