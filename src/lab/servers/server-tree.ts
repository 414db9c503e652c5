import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import { findTreeLoader, loaderCommand, type TreeLoader } from '../packages/loader.js';
import { runProgram } from '../packages/run-program.js';
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

interface TreeNote extends TreeLoader {
  readonly full: string;
  readonly program: string;
}

/** Finds loader, libraries and server in an unpacked tree, tries them, and notes them down in it. */
export async function sealTree(root: string, version: ServerVersion): Promise<void> {
  const draft = { ...(await findTreeLoader(root)), program: `usr/bin/${familyOf(version)}-server` };
  const command = loaderCommand(root, draft, draft.program);
  const { status, stdout, stderr } = await runProgram(command[0]!, [...command.slice(1), '--version']);
  const said = parseProgramVersion(stdout);
  if (status !== 0 || said === undefined) {
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `the unpacked ${version} does not run: ${stderr.trim()}`);
  }
  if (said.label !== version) {
    throw new LabError('SEGUE_LAB_FETCH_FAILED', `wanted ${version}, but its Debian suite now has ${said.full}`);
  }
  const note: TreeNote = { full: said.full, ...draft };
  await writeFile(join(root, noteName), `${JSON.stringify(note, null, 2)}\n`);
}

/** Reads back what sealTree noted; undefined when there is no whole tree. */
export async function readTree(root: string): Promise<ServerTree | undefined> {
  try {
    const note = JSON.parse(await readFile(join(root, noteName), 'utf8')) as TreeNote;
    await access(join(root, note.loader));
    await access(join(root, note.program));
    return { command: loaderCommand(root, note, note.program), full: note.full };
  } catch {
    return undefined;
  }
}
