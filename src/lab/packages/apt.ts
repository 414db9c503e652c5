import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import { aptConfiguration, aptSource, debianArchives, dpkgStatus, parseIndexTargets } from './apt-archive.js';
import { runProgram } from './run-program.js';

export type Progress = (line: string) => void;

/** What to ask Debian for. */
export interface PackageSource {
  /** The suite that holds the packages: `bookworm`. */
  readonly suite: string;
  /** Further suites that dependencies come from. */
  readonly alsoSuites?: readonly string[];
  readonly packages: readonly string[];
}

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

/** apt with a private folder for all its state. Every method rejects with SEGUE_LAB_FETCH_FAILED. */
export class Apt {
  private constructor(
    private readonly folder: string,
    /** Begins messages and lines of progress. */
    private readonly label: string,
    private readonly source: PackageSource,
    private readonly archives: readonly string[],
  ) {}

  static async prepare(
    folder: string,
    label: string,
    source: PackageSource,
    archives: readonly string[],
  ): Promise<Apt> {
    const apt = new Apt(folder, label, source, archives);
    const made = ['state/lists/partial', 'cache/archives/partial', 'log'];
    for (const path of made) await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, 'state/status'), dpkgStatus(source.packages));
    const architecture = (await runProgram('dpkg', ['--print-architecture'])).stdout.trim();
    await writeFile(join(folder, 'apt.conf'), aptConfiguration({ folder, architecture }));
    return apt;
  }

  /** Reads the suite's package list. The first archive whose signature verifies is the one. */
  async update(onProgress: Progress): Promise<void> {
    const suites = [this.source.suite, ...(this.source.alsoSuites ?? [])];
    onProgress(`${this.label}: reading the package list of Debian ${suites.join(' and ')}`);
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
      `${this.label}: apt-get update failed for Debian ${suites.join(' and ')}: ${all}${hint}`,
    );
  }

  /** Downloads the packages and all they depend on; resolves with the files. apt checks each against the signed list. */
  async download(onProgress: Progress): Promise<string[]> {
    const { suite, packages } = this.source;
    const onLine = (line: string) => {
      const size = /^Need to get (.*) of archives/.exec(line)?.[1];
      if (size !== undefined) onProgress(`${this.label}: downloading ${size} of packages`);
    };
    const result = await this.run(
      ['install', '--yes', '--download-only', '--no-install-recommends', '-t', suite, '--', ...packages],
      onLine,
    );
    const folder = join(this.folder, 'cache/archives');
    const files = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
    if (result.status !== 0 || files.length === 0) {
      throw new LabError(
        'SEGUE_LAB_FETCH_FAILED',
        `${this.label}: apt-get could not download ${packages.join(', ')}: ${problemsIn(result.stderr)}`,
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

/**
 * The addresses that this machine's apt uses for Debian. Rejects with SEGUE_LAB_NO_SERVER when it knows none. Asked once
 * per process: apt needs half a second for it.
 */
export function machineArchives(): Promise<string[]> {
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
