// Runs a program of dist as a child: same arguments, same terminal, same exit code, and no way to outlive this one.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

/** Runs a program of dist. Resolves with the exit code: the program's own, or 128 + signal when a signal ended it. */
export function runDist(program, args) {
  return runNode(join(root, 'dist', program), args);
}

/** The same for any compiled file. */
export function runNode(file, args) {
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  // On Ctrl-C the terminal tells both; staying alive until the child is done lets it clean up and name the exit code.
  const forward = (signal) => child.kill(signal);
  const ignore = () => {};
  process.on('SIGINT', process.stdin.isTTY ? ignore : forward);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
