import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aptConfiguration, aptSource, debianArchives, dpkgStatus, parseIndexTargets } from './apt-archive.js';
import { withLock } from './fetch-lock.js';
import { LabError } from './lab-error.js';
import { runProgram } from './run-program.js';
import { describeTree, readTree, type ServerTree } from './server-tree.js';
import { debianSourceOf, familyOf, type ServerVersion } from './versions.js';

export type Progress = (line: string) => void;

const aptTimeoutMs = 15 * 60_000;

/** Names that Debian has given to the file with its archive keys. */
const keyrings = [
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/usr/share/keyrings/debian-archive-keyring.gpg',
] as const;

/** Whether this machine has the tools: apt, dpkg-deb. */
export function canFetch(): boolean {
  return process.platform === 'linux' && existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

export interface FetchOptions {
  readonly onProgress?: Progress;
  /** Addresses to try; default: what this machine's apt uses for Debian. */
  readonly archives?: readonly string[];
}

/**
 * The unpacked packages of a version under `folder`, downloaded first when they are not there. Nothing is installed and
 * nothing outside `folder` is written. Rejects with SEGUE_LAB_FETCH_FAILED, or SEGUE_LAB_NO_SERVER when apt knows no Debian.
 */
export async function fetchServer(
  version: ServerVersion,
  folder: string,
  options: FetchOptions = {},
): Promise<ServerTree> {
  const onProgress = options.onProgress ?? (() => {});
  const target = join(folder, version);
  const present = await readTree(target);
  if (present !== undefined) return present;
  try {
    await mkdir(folder, { recursive: true });
    const wait = () => onProgress(`${version}: another process is fetching it, waiting`);
    return await withLock(
      join(folder, `.${version}.lock`),
      async () => (await readTree(target)) ?? (await fetchInto(version, folder, target, options)),
      wait,
    );
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `${version} could not be fetched: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function fetchInto(
  version: ServerVersion,
  folder: string,
  target: string,
  options: FetchOptions,
): Promise<ServerTree> {
  const onProgress = options.onProgress ?? (() => {});
  await removeLeftovers(version, folder);
  const partial = join(folder, `.${version}.partial-${process.pid}`);
  await mkdir(partial);
  try {
    const apt = await Apt.prepare(join(partial, 'apt'), version, options.archives ?? (await machineArchives()));
    await apt.update(onProgress);
    const packages = await apt.download(`${familyOf(version)}-server`, onProgress);
    const root = join(partial, 'root');
    for (const file of packages) await unpack(file, root);
    await trim(root);
    const tree = await describeTree(root, version);
    await putInPlace(root, target);
    onProgress(`${version}: ${tree.full} is ready`);
    return (await readTree(target))!;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** All or nothing: whoever sees `target` sees it whole. */
async function putInPlace(root: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  try {
    await rename(root, target);
  } catch (error) {
    if ((await readTree(target)) === undefined) throw error; // else somebody else was faster, and theirs is as good
  }
}

/** What killed processes left behind; we hold the lock, so nobody is using it. */
async function removeLeftovers(version: ServerVersion, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(`.${version}.partial-`)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function unpack(file: string, root: string): Promise<void> {
  const { status, stderr } = await runProgram('dpkg-deb', ['-x', file, root]);
  if (status !== 0) throw new LabError('SEGUE_LAB_FETCH_FAILED', `dpkg-deb could not unpack ${file}: ${stderr.trim()}`);
}

/** Documentation, locales and service files: two thirds of the unpacked bytes, and no server reads them. */
async function trim(root: string): Promise<void> {
  const unused = ['etc', 'var', 'usr/share', 'usr/sbin', 'usr/lib/systemd', 'usr/lib/udev', 'lib/systemd', 'lib/udev'];
  for (const path of unused) await rm(join(root, path), { recursive: true, force: true });
  for (const lib of ['usr/lib', 'lib']) {
    for (const name of await readdir(join(root, lib)).catch(() => [])) {
      await rm(join(root, lib, name, 'gconv'), { recursive: true, force: true });
    }
  }
}

/** apt with a private folder for all its state. */
class Apt {
  private constructor(
    private readonly folder: string,
    private readonly version: ServerVersion,
    private readonly archives: readonly string[],
  ) {}

  static async prepare(folder: string, version: ServerVersion, archives: readonly string[]): Promise<Apt> {
    const apt = new Apt(folder, version, archives);
    const made = ['state/lists/partial', 'cache/archives/partial', 'log'];
    for (const path of made) await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, 'state/status'), dpkgStatus());
    const architecture = (await runProgram('dpkg', ['--print-architecture'])).stdout.trim();
    await writeFile(join(folder, 'apt.conf'), aptConfiguration({ folder, architecture }));
    return apt;
  }

  /** Reads the suite's package list. The first archive whose signature verifies is the one. */
  async update(onProgress: Progress): Promise<void> {
    const source = debianSourceOf(this.version);
    const suites = [source.suite, ...source.alsoSuites];
    onProgress(`${this.version}: reading the package list of Debian ${suites.join(' and ')}`);
    const keyring = keyrings.find((path) => existsSync(path));
    const failures: string[] = [];
    for (const uri of this.archives) {
      await writeFile(join(this.folder, 'archive.sources'), aptSource({ uri, suites, keyring }));
      // Without the option apt-get ends with 0 although a list could not be had or verified.
      const result = await this.run(['update', '-o', 'APT::Update::Error-Mode=any']);
      if (result.status === 0 && !/^[WE]: .*(Failed to fetch|not signed|GPG error)/m.test(result.stderr)) return;
      failures.push(problemsIn(result.stderr));
    }
    const all = failures.join('; ');
    const hint = all.includes('NO_PUBKEY') ? ' A newer debian-archive-keyring package may be needed.' : '';
    throw new LabError(
      'SEGUE_LAB_FETCH_FAILED',
      `${this.version}: apt-get update failed for Debian ${suites.join(' and ')}: ${all}${hint}`,
    );
  }

  /** Downloads a package and all it depends on; resolves with the files. apt checks every file against the signed list. */
  async download(name: string, onProgress: Progress): Promise<string[]> {
    const { suite } = debianSourceOf(this.version);
    const onLine = (line: string) => {
      const size = /^Need to get (.*) of archives/.exec(line)?.[1];
      if (size !== undefined) onProgress(`${this.version}: downloading ${size} of packages`);
    };
    const result = await this.run(
      ['install', '--yes', '--download-only', '--no-install-recommends', '-t', suite, name],
      onLine,
    );
    const folder = join(this.folder, 'cache/archives');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
    if (result.status !== 0 || files.length === 0) {
      throw new LabError(
        'SEGUE_LAB_FETCH_FAILED',
        `${this.version}: apt-get could not download ${name}: ${problemsIn(result.stderr)}`,
      );
    }
    return files.sort().map((file) => join(folder, file));
  }

  private run(args: readonly string[], onLine?: (line: string) => void) {
    return runProgram('apt-get', ['-c', join(this.folder, 'apt.conf'), ...args], {
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: aptTimeoutMs,
      ...(onLine === undefined ? {} : { onLine }),
    });
  }
}

let archivesOfMachine: Promise<string[]> | undefined;

/** Asked once per process: apt needs half a second for it. */
function machineArchives(): Promise<string[]> {
  archivesOfMachine ??= askMachine();
  return archivesOfMachine;
}

async function askMachine(): Promise<string[]> {
  const noCaches = ['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=']; // as root it would write them
  const env = { ...process.env, LC_ALL: 'C' };
  const run = (...more: string[]) => runProgram('apt-get', [...noCaches, 'indextargets', ...more], { env });
  const answers = await Promise.all([run(), run('--no-release-info')]);
  const archives = debianArchives(answers.flatMap(({ stdout }) => parseIndexTargets(stdout)));
  if (archives.length > 0) return archives;
  throw new LabError(
    'SEGUE_LAB_NO_SERVER',
    `This machine's apt has no source that is Debian's main archive. ${problemsIn(answers[0].stderr)}`.trim(),
  );
}

function problemsIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /^[EW]: |killed/.test(line));
  return (lines.length > 0 ? lines : [stderr.trim()]).slice(0, 6).join(' ');
}
