import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './lab-error.js';
import { runProgram } from './run-program.js';
import { familyOf, parseProgramVersion, type ServerVersion } from './versions.js';

/** Packages unpacked into a folder, runnable in place by their own dynamic loader. */
export interface ServerTree {
  /** What to execute, before the server's own arguments. */
  readonly command: readonly string[];
  /** For example `9.1.2`. */
  readonly full: string;
}

/** Written last: a folder that has it is whole. Paths in it are relative to the folder, so that the checkout may move. */
const noteName = 'segue-server.json';

interface TreeNote {
  readonly full: string;
  readonly loader: string;
  readonly libraries: readonly string[];
  readonly program: string;
}

/** Finds loader, libraries and server in an unpacked tree, tries them, and notes them down in it. */
export async function describeTree(root: string, version: ServerVersion): Promise<ServerTree> {
  const libraries = await libraryFolders(root);
  const loader = await findLoader(root, libraries);
  const program = `usr/bin/${familyOf(version)}-server`;
  const draft: TreeNote = { full: '', loader, libraries, program };
  const command = commandOf(root, draft);
  const { status, stdout, stderr } = await runProgram(command[0]!, [...command.slice(1), '--version']);
  const said = parseProgramVersion(stdout);
  if (status !== 0 || said === undefined) {
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `the unpacked ${version} does not run: ${stderr.trim()}`);
  }
  if (said.label !== version) {
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `wanted ${version}, but its Debian suite now has ${said.full}`);
  }
  await writeFile(join(root, noteName), `${JSON.stringify({ ...draft, full: said.full }, null, 2)}\n`);
  return { command, full: said.full };
}

/** Reads back what describeTree noted; undefined when there is no whole tree. */
export async function readTree(root: string): Promise<ServerTree | undefined> {
  try {
    const note = JSON.parse(await readFile(join(root, noteName), 'utf8')) as TreeNote;
    await access(join(root, note.loader));
    await access(join(root, note.program));
    return { command: commandOf(root, note), full: note.full };
  } catch {
    return undefined;
  }
}

function commandOf(root: string, note: TreeNote): string[] {
  const path = note.libraries.map((folder) => join(root, folder)).join(':');
  return [join(root, note.loader), '--library-path', path, join(root, note.program)];
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
