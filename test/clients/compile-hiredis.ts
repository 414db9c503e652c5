import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type PackageTree, runProgram } from '../../src/lab/packages/index.js';
import { programFile } from './places.js';

const name = 'segue-client';

/**
 * What to execute: the program, compiled in the unpacked tree by the tree's own compiler and run by its own loader, so
 * that nothing of the machine's C library or compiler is in it.
 */
export async function compileHiredis(tree: PackageTree): Promise<readonly string[]> {
  const libraries = tree.libraries[0]!;
  const triplet = libraries.split('/').at(-1)!;
  const include = join(tree.root, 'usr', 'include');
  const tcc = join(libraries, 'tcc');
  const draft = join(tree.root, `${name}.${process.pid}`);
  const object = (file: string) => join(libraries, file);
  const folders = [join(tcc, 'include'), join(include, triplet), include];
  const [compiler, ...before] = tree.command('usr/bin/tcc');
  const { status, stderr } = await runProgram(compiler!, [
    ...before,
    ...[`-B${tcc}`, '-Wall', '-nostdinc', ...folders.map((folder) => `-I${folder}`)],
    ...['-nostdlib', `-L${libraries}`, '-o', draft],
    ...[object('crt1.o'), object('crti.o'), programFile('hiredis.c')],
    ...['-lhiredis', '-lc', join(tcc, 'libtcc1.a'), object('crtn.o')],
  ]);
  if (status !== 0) throw new Error(`it could not be compiled: ${stderr.trim().split('\n').slice(0, 5).join(' ')}`);
  await rename(draft, join(tree.root, name));
  return tree.command(name);
}
