import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Progress, packagesFolder, runProgram } from '../../src/lab/packages/index.js';
import { programFile } from './places.js';

/**
 * The package file of a folder that has GLIDE in its node_modules, installed first when it is not there. It is no
 * dependency of the checkout: its native half weighs 20 MB. Rejects when npm cannot install it, or not for this system.
 */
export async function installGlide(onProgress: Progress): Promise<string> {
  const folder = join(packagesFolder(), 'valkey-glide');
  await mkdir(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    await copyFile(programFile(join('glide', name)), join(folder, name));
  if (await works(folder)) return join(folder, 'package.json');
  onProgress('glide: installing');
  const npm = process.env.npm_execpath;
  const [program, ...before] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
  const { status, stderr } = await runProgram(program!, [...before, 'ci', ...flags]);
  if (status !== 0) throw new Error(`npm could not install it: ${stderr.trim().split('\n').slice(-3).join(' ')}`);
  if (await works(folder)) return join(folder, 'package.json');
  throw new Error('it is installed and cannot be loaded: there may be no build of it for this system');
}

async function works(folder: string): Promise<boolean> {
  const { status } = await runProgram(process.execPath, ['-e', "require('@valkey/valkey-glide')"], { cwd: folder });
  return status === 0;
}
