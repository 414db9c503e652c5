import { existsSync } from 'node:fs';
import { LabError } from '../lab-error.js';
import { canFetch, type Progress } from '../packages/apt.js';
import { serversFolder } from '../packages/folder.js';
import { runProgram } from '../packages/run-program.js';
import { fetchServer } from './fetch-server.js';
import {
  environmentNameOf,
  isServerVersion,
  parseProgramVersion,
  type ServerVersion,
  serverVersions,
} from './versions.js';

/** A server program that can be started. */
export interface ServerProgram {
  /** What to execute, before the server's own arguments. */
  readonly command: readonly string[];
  /** Family and minor version, for example `valkey-9.1`. */
  readonly label: string;
  /** For example `9.1.2`. */
  readonly full: string;
  readonly from: 'environment' | 'path' | 'packages';
}

export type WantedVersion = ServerVersion | 'any';

export interface FindOptions {
  readonly onProgress?: Progress;
}

const known = new Map<WantedVersion, Promise<ServerProgram>>();

/**
 * A program of the wanted version: named by an environment variable, else on PATH, else from Debian's packages. `any`
 * takes what is on PATH and otherwise the newest version. The answer is kept for the life of the process.
 * Rejects with SEGUE_LAB_NO_SERVER or SEGUE_LAB_FETCH_FAILED.
 */
export function findServer(wanted: WantedVersion, options: FindOptions = {}): Promise<ServerProgram> {
  let found = known.get(wanted);
  if (found === undefined) {
    found = search(wanted, options.onProgress ?? (() => {}));
    known.set(wanted, found);
    found.catch(() => known.delete(wanted));
  }
  return found;
}

/** Several versions, those that must be fetched at the same time. */
export async function findServers(
  wanted: readonly WantedVersion[],
  options: FindOptions = {},
): Promise<Map<WantedVersion, ServerProgram>> {
  const found = await Promise.all(
    wanted.map(async (version) => [version, await findServer(version, options)] as const),
  );
  return new Map(found);
}

async function search(wanted: WantedVersion, onProgress: Progress): Promise<ServerProgram> {
  const named = await fromEnvironment(wanted);
  if (named !== undefined) return named;
  for (const name of ['valkey-server', 'redis-server']) {
    const program = await tryProgram(name, 'path');
    if (program !== undefined && (wanted === 'any' || program.label === wanted)) return program;
  }
  const version = wanted === 'any' ? 'valkey-9.1' : wanted;
  if (!canFetch()) throw new LabError('SEGUE_LAB_NO_SERVER', howToGet(wanted));
  const tree = await fetchServer(version, serversFolder(), { onProgress }).catch((error: unknown) => {
    if (!(error instanceof LabError)) throw error;
    throw new LabError(error.code, `${error.message}\n${howToGet(wanted)}`, { cause: error });
  });
  return { ...tree, label: version, from: 'packages' };
}

/** A variable that is set and wrong is an error: somebody meant that program and no other. */
async function fromEnvironment(wanted: WantedVersion): Promise<ServerProgram | undefined> {
  const candidates = wanted === 'any' ? [...serverVersions].reverse() : [wanted];
  for (const version of candidates) {
    const name = environmentNameOf(version);
    const path = process.env[name];
    if (path === undefined || path === '') continue;
    const program = await tryProgram(path, 'environment');
    if (program === undefined) {
      const why = existsSync(path) ? 'does not run as a server' : 'does not exist';
      throw new LabError('SEGUE_LAB_NO_SERVER', `${name}=${path}: this program ${why}`);
    }
    if (program.label !== version) {
      throw new LabError('SEGUE_LAB_NO_SERVER', `${name}=${path}: this program is ${program.label} (${program.full})`);
    }
    return program;
  }
  return undefined;
}

async function tryProgram(program: string, from: 'environment' | 'path'): Promise<ServerProgram | undefined> {
  const { status, stdout } = await runProgram(program, ['--version'], { timeoutMs: 10_000 });
  const said = status === 0 ? parseProgramVersion(stdout) : undefined;
  return said === undefined ? undefined : { command: [program], label: said.label, full: said.full, from };
}

/** One message that says which command helps on this kind of machine. */
export function howToGet(wanted: WantedVersion, platform: NodeJS.Platform = process.platform): string {
  const variable = environmentNameOf(isServerVersion(wanted) ? wanted : 'valkey-9.1');
  const family = wanted.startsWith('redis') ? 'redis' : 'valkey';
  const install =
    platform === 'darwin'
      ? `\`brew install ${family}\``
      : platform === 'win32'
        ? 'WSL with Debian in it (servers do not run on Windows itself)'
        : `\`dnf install ${family}\`, \`apk add ${family}\`, \`apt install ${family}-server\` or \`pacman -S ${family}\``;
  const what = wanted === 'any' ? 'No Valkey or Redis server was found' : `No ${wanted} server was found`;
  return (
    `${what}. Install one with ${install}, or set ${variable}=/path/to/${family}-server. ` +
    'On Debian the lab fetches its servers by itself; elsewhere run it in a Debian container, for example ' +
    '`docker run --rm -it -v "$PWD":/segue -w /segue node:20 npm start`.'
  );
}
