import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';

/** How programs of an unpacked tree are run in place: by the tree's own dynamic loader. Paths are relative to the tree. */
export interface TreeLoader {
  readonly loader: string;
  readonly libraries: readonly string[];
}

export async function findTreeLoader(root: string): Promise<TreeLoader> {
  const libraries = await libraryFolders(root);
  return { loader: await findLoader(root, libraries), libraries };
}

/** What to execute, before the program's own arguments. `program` is relative to the tree. */
export function loaderCommand(root: string, { loader, libraries }: TreeLoader, program: string): string[] {
  const path = libraries.map((folder) => join(root, folder)).join(':');
  return [join(root, loader), '--library-path', path, join(root, program)];
}

/** `usr/lib/<triplet>` and `lib/<triplet>`, as far as they exist. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const lib of ['usr/lib', 'lib']) {
    const names = await readdir(join(root, lib)).catch(() => []);
    folders.push(...names.filter((name) => name.includes('-linux-gnu')).map((name) => `${lib}/${name}`));
  }
  return folders;
}

/** ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, ld64.so.2 …: some releases keep it beside the libraries, some in lib. */
async function findLoader(root: string, libraries: readonly string[]): Promise<string> {
  for (const folder of [...libraries, 'usr/lib64', 'lib64', 'usr/lib', 'lib']) {
    const names = await readdir(join(root, folder)).catch(() => []);
    const loader = names.find((name) => /^ld(-linux|64).*\.so\.\d+$/.test(name));
    if (loader !== undefined) return `${folder}/${loader}`;
  }
  throw new LabError('SEGUE_LAB_FETCH_FAILED', 'the unpacked packages hold no dynamic loader');
}
