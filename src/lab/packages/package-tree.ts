import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import { canFetch, type PackageSource } from './apt.js';
import { type FetchOptions, fetchFolder } from './fetch.js';
import { packagesFolder } from './folder.js';
import { findTreeLoader, loaderCommand, type TreeLoader } from './loader.js';

/** Debian packages that are to live together in one unpacked folder. */
export interface PackageSet extends PackageSource {
  /** Of the folder: `haproxy`. */
  readonly name: string;
  /** Programs that must be there, relative to the root: `usr/sbin/haproxy`. */
  readonly programs: readonly string[];
}

/** Packages unpacked into a folder. Nothing was installed: no script of theirs has run, no link in /etc/alternatives made. */
export interface PackageTree {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** Folders with shared libraries, for programs that the tree's programs start themselves. Absolute. */
  readonly libraries: readonly string[];
  /** What to execute, before the program's own arguments. `program` as in PackageSet. */
  command(program: string): readonly string[];
}

/** Written last: a folder that has it is whole. Paths in it are relative to the folder, so that the checkout may move. */
const noteName = 'segue-packages.json';

interface TreeNote extends TreeLoader {
  readonly set: PackageSet;
}

const unused = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/lintian', 'usr/lib/systemd'];

const known = new Map<string, Promise<PackageTree>>();

/**
 * The packages and all they depend on, fetched when they are not there yet, by the machine's own apt and its signed lists.
 * The answer is kept for the life of the process. Rejects with SEGUE_LAB_FETCH_FAILED, or SEGUE_LAB_NO_SERVER where there
 * is no Debian.
 */
export function findPackages(set: PackageSet, options: FetchOptions = {}): Promise<PackageTree> {
  const key = JSON.stringify(set);
  let found = known.get(key);
  if (found === undefined) {
    found = find(set, options);
    known.set(key, found);
    found.catch(() => known.delete(key));
  }
  return found;
}

async function find(set: PackageSet, options: FetchOptions): Promise<PackageTree> {
  const folder = packagesFolder();
  const present = await readPackages(join(folder, set.name), set);
  if (present !== undefined) return present;
  if (!canFetch()) {
    throw new LabError('SEGUE_LAB_NO_SERVER', `${set.name} is fetched from Debian's packages, and here is no apt-get`);
  }
  return fetchPackages(set, folder, options);
}

/** The same into a folder of the caller's choice, and not kept. */
export function fetchPackages(set: PackageSet, folder: string, options: FetchOptions = {}): Promise<PackageTree> {
  const recipe = {
    name: set.name,
    source: set,
    unused,
    read: (root: string) => readPackages(root, set),
    seal: (root: string) => sealPackages(root, set),
  };
  return fetchFolder(recipe, folder, options);
}

async function sealPackages(root: string, set: PackageSet): Promise<void> {
  for (const program of set.programs) {
    await access(join(root, program)).catch(() => {
      throw new LabError('SEGUE_LAB_FETCH_FAILED', `${set.name}: its packages hold no ${program}`);
    });
  }
  const note: TreeNote = { set, ...(await findTreeLoader(root)) };
  await writeFile(join(root, noteName), `${JSON.stringify(note, null, 2)}\n`);
}

/** Undefined when there is no whole tree, or one of other packages. */
async function readPackages(root: string, set: PackageSet): Promise<PackageTree | undefined> {
  try {
    const note = JSON.parse(await readFile(join(root, noteName), 'utf8')) as TreeNote;
    if (JSON.stringify(note.set) !== JSON.stringify(set)) return undefined;
    await access(join(root, note.loader));
    return {
      root,
      libraries: note.libraries.map((folder) => join(root, folder)),
      command: (program) => loaderCommand(root, note, program),
    };
  } catch {
    return undefined;
  }
}
