import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import { Apt, machineArchives, type PackageSource, type Progress } from './apt.js';
import { withLock } from './fetch-lock.js';
import { runProgram } from './run-program.js';

export interface FetchOptions {
  readonly onProgress?: Progress;
  /** Addresses to try; default: what this machine's apt uses for Debian. */
  readonly archives?: readonly string[];
}

/** One unpacked folder: how it is made, and what `T` is made of it. */
export interface FetchRecipe<T> {
  /** Of the folder; begins lines of progress, too. */
  readonly name: string;
  readonly source: PackageSource;
  /** Parts of the unpacked tree that nobody needs, relative to its root. */
  readonly unused: readonly string[];
  /** What is there already; undefined when that is not whole, or not what is wanted. */
  read(root: string): Promise<T | undefined>;
  /** Tries what was unpacked, and notes in the tree what `read` is to find. Rejects when it is no good. */
  seal(root: string): Promise<void>;
}

/**
 * The folder `name` under `folder`, downloaded and unpacked first when it is not there. Nothing is installed and nothing
 * outside `folder` is written; two processes that want the same do it once. Rejects with SEGUE_LAB_FETCH_FAILED, or
 * SEGUE_LAB_NO_SERVER when apt knows no Debian.
 */
export async function fetchFolder<T>(recipe: FetchRecipe<T>, folder: string, options: FetchOptions = {}): Promise<T> {
  const { name } = recipe;
  const target = join(folder, name);
  const present = await recipe.read(target);
  if (present !== undefined) return present;
  try {
    await mkdir(folder, { recursive: true });
    const wait = () => options.onProgress?.(`${name}: another process is fetching it, waiting`);
    return await withLock(
      join(folder, `.${name}.lock`),
      async () => (await recipe.read(target)) ?? (await fetchInto(recipe, folder, target, options)),
      wait,
    );
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `${name} could not be fetched: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function fetchInto<T>(recipe: FetchRecipe<T>, folder: string, target: string, options: FetchOptions): Promise<T> {
  const { name, source } = recipe;
  const onProgress = options.onProgress ?? (() => {});
  await removeLeftovers(name, folder);
  const partial = join(folder, `.${name}.partial-${process.pid}`);
  await mkdir(partial);
  try {
    const apt = await Apt.prepare(join(partial, 'apt'), name, source, options.archives ?? (await machineArchives()));
    await apt.update(onProgress);
    const root = join(partial, 'root');
    for (const file of await apt.download(onProgress)) await unpack(file, root);
    await trim(root, recipe.unused);
    await recipe.seal(root);
    await putInPlace(recipe, root, target);
    onProgress(`${name}: ready`);
    return (await recipe.read(target))!;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** All or nothing: whoever sees `target` sees it whole. */
async function putInPlace<T>(recipe: FetchRecipe<T>, root: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  try {
    await rename(root, target);
  } catch (error) {
    if ((await recipe.read(target)) === undefined) throw error; // else somebody else was faster, and theirs is as good
  }
}

/** What killed processes left behind; we hold the lock, so nobody is using it. */
async function removeLeftovers(name: string, folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (entry.startsWith(`.${name}.partial-`)) await rm(join(folder, entry), { recursive: true, force: true });
  }
}

async function unpack(file: string, root: string): Promise<void> {
  const { status, stderr } = await runProgram('dpkg-deb', ['-x', file, root]);
  if (status !== 0) throw new LabError('SEGUE_LAB_FETCH_FAILED', `dpkg-deb could not unpack ${file}: ${stderr.trim()}`);
}

async function trim(root: string, unused: readonly string[]): Promise<void> {
  for (const path of unused) await rm(join(root, path), { recursive: true, force: true });
  for (const lib of ['usr/lib', 'lib']) {
    for (const name of await readdir(join(root, lib)).catch(() => [])) {
      await rm(join(root, lib, name, 'gconv'), { recursive: true, force: true });
    }
  }
}
