import { join } from 'node:path';
import { type PackageTree, runProgram } from '../../src/lab/packages/index.js';
import { programFile } from './places.js';

/**
 * The program, compiled beside the unpacked library by the machine's own compiler, and linked statically with it: so
 * nothing of another Debian release is loaded when it runs. Rejects when there is no compiler.
 */
export async function compileHiredis(tree: PackageTree): Promise<string> {
  const program = join(tree.root, 'segue-client');
  const library = join(tree.libraries[0]!, 'libhiredis.a');
  const include = join(tree.root, 'usr', 'include');
  const { status, stderr } = await runProgram('cc', [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Wno-unused-result',
    // Beside the header of the library there are those of the C library, which must not be mixed with the machine's.
    '-idirafter',
    include,
    '-o',
    program,
    programFile('hiredis.c'),
    library,
  ]);
  if (status === 0) return program;
  if (/ENOENT/.test(stderr)) throw new Error('there is no C compiler (cc) on this machine');
  throw new Error(`cc could not compile it: ${stderr.trim().split('\n').slice(0, 5).join(' ')}`);
}
