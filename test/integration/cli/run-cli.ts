import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The command as users run it: compiled, in a process of its own, with a home of its own.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const main = join(root, 'dist', 'cli', 'main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** A place for what the command writes, and what was started in it. */
export class CliHome {
  readonly #running: ChildProcess[] = [];

  private constructor(readonly folder: string) {}

  /** Builds the command when it is not built. */
  static async make(): Promise<CliHome> {
    const { setup } = await import(join(root, 'scripts', 'setup.mjs'));
    setup();
    return new CliHome(await mkdtemp(join(tmpdir(), 'segue-cli-test-')));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** No terminal: stdin is empty, stdout and stderr are pipes. */
  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(SEGUE_|NO_COLOR|FORCE_COLOR)/.test(name));
    const env = { ...Object.fromEntries(inherited), XDG_STATE_HOME: this.folder, ...environment };
    const child = spawn(process.execPath, [main, ...args], {
      env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.push(child);
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (part: string) => {
        text[name] += part;
      });
    }
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => resolve({ code, ...text }));
    });
    return { child, ended, stdout: () => text.stdout, stderr: () => text.stderr };
  }

  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(args, environment).ended;
  }

  async leave(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
