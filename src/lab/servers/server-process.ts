import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import type { Guard } from './guard.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const alive = new Set<number>();
let hooked = false;

/**
 * One run of a server program, from start to exit. It leads a process group of its own, so that a Ctrl-C in the terminal
 * is ours to handle and its forked children die with it. The program starts only after the guard knows it.
 */
export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  private exit: Exit | undefined;

  private constructor(child: ChildProcess, pid: number, guard: Guard) {
    this.pid = pid;
    alive.add(pid);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        alive.delete(this.pid);
        guard.forget();
        this.exit ??= { code, signal };
        resolve(this.exit);
      };
      child.on('exit', end);
    });
  }

  /** Standard output and error go to `server.log` in the guard's folder. */
  static async start(guard: Guard, command: readonly string[]): Promise<ServerProcess> {
    killAtExit();
    const log = openSync(join(guard.dir, 'server.log'), 'a', 0o600);
    try {
      const wait = 'read -r go || exit 1; exec "$@" </dev/null';
      const child = spawn('/bin/sh', ['-c', wait, 'segue-lab-server', ...command], {
        stdio: ['pipe', log, log],
        detached: true,
        cwd: guard.dir,
        // What the machine configures for its own OpenSSL is not meant for a library of another release.
        env: { PATH: process.env.PATH, LC_ALL: 'C', OPENSSL_CONF: '/dev/null' },
      });
      child.on('error', () => {}); // no process: there is no pid
      child.stdin!.on('error', () => {}); // it died before it began: 'exit' tells it
      const { pid } = child;
      if (pid === undefined) throw new LabError('SEGUE_LAB_START_FAILED', 'the system starts no more processes');
      const started = new ServerProcess(child, pid, guard);
      await guard.watch(pid);
      child.stdin!.end('go\n');
      return started;
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.running) process.kill(this.pid, signal);
  }
}

/** An orderly end of this process takes the servers along at once; for every other end there is the guard. */
function killAtExit(): void {
  if (hooked) return;
  hooked = true;
  process.on('exit', () => {
    for (const pid of alive) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // it ended in this moment
      }
    }
  });
}
