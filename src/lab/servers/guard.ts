import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';

/**
 * The guard: a small shell that outlives us by a moment. It holds the reading end of a pipe whose only writing end is
 * ours, so that whatever ends this process (kill -9 too) ends the pipe; then it kills the server and removes its folder.
 * It leads a session of its own: a Ctrl-C in the terminal does not reach it.
 *
 * `pid N` names the process to kill (0: none), `ok` answers. The end of the pipe is the order to clean up.
 */
const script = `
trap '' INT TERM HUP QUIT PIPE
umask 077
dir=$1 pid=0
mkdir "$dir" || exit 1
echo ok
while read -r word value; do
  case $word in pid) pid=$value; echo ok ;; esac
done
if [ "$pid" -gt 1 ]; then kill -s KILL -- "-$pid"; fi 2>/dev/null
i=0
until rm -rf -- "$dir" 2>/dev/null || [ $i -ge 50 ]; do i=$((i+1)); sleep 0.1; done
`;

export class Guard {
  private readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private complaint = '';
  private readonly ended: Promise<void>;

  private constructor(
    private readonly shell: ChildProcess,
    /** The temporary folder, made by the guard and removed by it. */
    readonly dir: string,
  ) {
    shell.stdout!.setEncoding('utf8').on('data', (text: string) => {
      for (const _line of text.trim().split('\n')) this.waiting.shift()?.resolve();
    });
    shell.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    shell.stdin!.on('error', () => {}); // the guard was killed: 'close' tells it
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        for (const { reject } of this.waiting.splice(0)) reject(this.failure());
        resolve();
      };
      shell.on('error', end);
      shell.on('close', end);
    });
  }

  /** Makes the temporary folder. Rejects with SEGUE_LAB_TEMP_DIR when that cannot be done. */
  static async start(): Promise<Guard> {
    const dir = join(tmpdir(), `segue-lab-${process.pid}-${randomBytes(4).toString('hex')}`);
    const shell = spawn('/bin/sh', ['-c', script, 'segue-lab-guard', dir], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
    });
    const guard = new Guard(shell, dir);
    await guard.answer();
    for (const handle of guard.handles) handle.unref();
    return guard;
  }

  /** Resolves once the guard knows which process to kill; only then may that process become a server. */
  async watch(pid: number): Promise<void> {
    this.shell.stdin!.write(`pid ${pid}\n`);
    await this.answer();
  }

  /** The process ended by itself and its number may be somebody else's soon. */
  forget(): void {
    this.shell.stdin!.write('pid 0\n');
    this.waiting.push({ resolve: () => {}, reject: () => {} });
  }

  /** Kills what is watched and removes the folder; resolves when that is done. */
  async close(): Promise<void> {
    // Its output, too: it may end a moment after the shell, and this process is not to be over before.
    for (const handle of this.handles) handle.ref();
    this.shell.stdin!.end();
    await this.ended;
  }

  /** What keeps this process alive. */
  private get handles(): { ref(): void; unref(): void }[] {
    const { shell } = this;
    return [shell, ...([shell.stdin, shell.stdout, shell.stderr] as Socket[])];
  }

  private answer(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private failure(): LabError {
    const why = this.complaint.trim() || 'its guard ended';
    return new LabError('SEGUE_LAB_TEMP_DIR', `no temporary folder ${this.dir} for a server (set TMPDIR): ${why}`);
  }
}
