import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Launch } from './catalog.js';
import { parseReportLine, type ReportLine } from './report-line.js';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The warnings of a program that goes round in circles would fill the memory. */
const stderrMax = 10_000;

/** One process of a client, in its own language. */
export class ClientProgram {
  /** What it calls itself; undefined until it is connected. */
  ready: string | undefined;
  /** Lines that tell of something that was done. */
  steps = 0;
  /** EXEC's nils. */
  nils = 0;
  isDone = false;
  readonly errors: string[] = [];
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #stderr = '';
  #isKilled = false;

  constructor(
    readonly role: string,
    { command, env = {} }: Launch,
    args: readonly string[],
    onLine: (line: ReportLine) => void,
  ) {
    const [program, ...before] = command;
    const inherited = Object.entries(process.env).filter(([name]) => !/^(PYTHON|RUBY|PERL|LUA_|PHP)/.test(name));
    const child = spawn(program!, [...before, role, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // What the machine configures for its own OpenSSL is not meant for a library of another release.
      env: { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8', OPENSSL_CONF: '/dev/null', ...env },
    });
    this.#child = child;
    running.add(child);
    createInterface({ input: child.stdout }).on('line', (text) => this.#take(text, onLine));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrMax);
    });
    this.exited = new Promise((resolve) => {
      const end = (how: string): void => {
        running.delete(child);
        if (how !== '' && !this.#isKilled) this.errors.push(`the program ended ${how}`);
        for (const line of this.#stderr.split('\n').filter(Boolean)) this.errors.push(line);
        this.#stderr = '';
        resolve();
      };
      child.on('error', (error) => end(`before it began: ${error.message}`));
      child.on('close', (code, signal) => end(code === 0 ? '' : `with ${signal ?? `code ${code}`}`));
    });
  }

  get hasEnded(): boolean {
    return !running.has(this.#child);
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  #take(text: string, onLine: (line: ReportLine) => void): void {
    const line = parseReportLine(text);
    if (line === undefined) {
      this.errors.push(text);
      return;
    }
    if (line.error !== undefined) this.errors.push(line.error);
    else if (line.ready !== undefined) this.ready = line.ready;
    else if (line.again !== undefined) this.nils += 1;
    else if (line.done !== undefined) this.isDone = true;
    else this.steps += 1;
    onLine(line);
  }
}
