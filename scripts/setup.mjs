// Makes a checkout ready to run: right Node, dependencies installed, dist built. Plain Node, because on a bare clone
// there is nothing else yet. Every step is skipped when nothing has changed, and speaks on stderr only.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_MAJOR_MIN = 20;
const installStamp = join(root, 'node_modules', '.segue-install');

/** A failure that the user can do something about: shown without a stack. */
export class SetupError extends Error {}

export function setup() {
  prepare();
  ensureBuilt();
}

/** The same for those who compile for themselves. */
export function prepare() {
  checkNode();
  ensureInstalled();
}

/** Ends the process with the message of a SetupError, or with the stack of anything else. */
export function runScript(main) {
  Promise.resolve()
    .then(main)
    .catch((error) => {
      console.error(error instanceof SetupError ? `segue: ${error.message}` : error);
      process.exit(1);
    });
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR_MIN) return;
  throw new SetupError(`Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.versions.node}`);
}

function ensureInstalled() {
  const lockText = readFileSync(join(root, 'package-lock.json'));
  const stamp = `${hashOf([lockText])} ${process.platform}-${process.arch}\n`;
  if (readIfThere(installStamp) === stamp) return;
  const lock = JSON.parse(lockText);
  if (!installedMatches(lock)) install(lock);
  writeFileSync(installStamp, stamp);
}

/**
 * `npm ci` refuses a lock file that lacks binaries for other systems, which is what npm writes where those could not be
 * looked up. Then the locked versions are installed by `npm install`, and compared with the lock file afterwards.
 */
function install(lock) {
  say('installing the dependencies');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  if (runNpm(['ci', ...quiet], 'ignore') === 0) return;
  if (runNpm(['install', '--no-save', ...quiet], 2) !== 0) throw new SetupError('npm install failed');
  if (!installedMatches(lock)) throw new SetupError('npm installed something else than package-lock.json says');
}

/** Compares what npm says it installed with the lock file, so that an installation made by hand is not made again. */
function installedMatches(lock) {
  const text = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages ?? {};
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

export function ensureBuilt() {
  ensureCompiled('tsconfig.build.json', ['src'], 'dist');
}

/** Compiles folders into `out` when any source or compiler option differs, in content, from the last time that succeeded. */
export function ensureCompiled(project, folders, out) {
  const stampFile = join(root, out, '.stamp');
  const inputs = ['package-lock.json', 'tsconfig.json', project].map((name) => join(root, name));
  for (const folder of folders) inputs.push(...filesBelow(join(root, folder)));
  const stamp = `${hashOf(inputs.flatMap((path) => [relative(root, path), readFileSync(path)]))}\n`;
  if (readIfThere(stampFile) === stamp) return;
  say('building');
  rmSync(join(root, out), { recursive: true, force: true });
  const built = spawnSync(process.execPath, [tool('typescript', 'tsc'), '-p', project], {
    cwd: root,
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new SetupError(`the build failed\n${built.stdout}${built.stderr}`);
  mkdirSync(join(root, out), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** The script behind a package's command, to be run with this very Node. */
export function tool(packageName, command) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/** Returns the exit status. */
function runNpm(args, output) {
  const options = { cwd: root, stdio: ['ignore', output, output] };
  // Under `npm start` npm says where it is; otherwise the one on PATH will do.
  const npm = process.env.npm_execpath;
  const result = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (result.error) throw new SetupError(`npm cannot be run: ${result.error.message}`);
  return result.status;
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function say(text) {
  console.error(`segue: ${text}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runScript(setup);
