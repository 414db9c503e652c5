import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Boundary, SwitchOptions, SwitchReport } from '../../../src/switchover/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** How an operator's process ended: its error's code, `switched`, or `killed`. */
export interface OperatorEnd {
  readonly code: string;
  readonly reason?: string;
  /** Of a switch that came to its end. */
  readonly report?: SwitchReport;
}

/** The sources as JavaScript, in a folder of its own: an operator that is killed needs a process, and that needs no build. */
export function compileSources(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'segue-operator-'));
  const packageOf = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(packageOf), 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', folder, '--declaration', 'false', '--sourceMap', 'false'];
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  // Types are somebody else's test; what counts is that there is something to run.
  if (result.error) throw result.error;
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** One switch in a process of its own, which stops at a boundary until it is told to go on. */
export class Operator {
  /** Resolves when it stands at the boundary, or has ended before. */
  readonly stopped: Promise<'stopped' | 'ended'>;
  readonly ended: Promise<OperatorEnd>;
  private readonly child: ChildProcess;

  constructor(folder: string, options: SwitchOptions, boundary: Boundary) {
    const script = fileURLToPath(new URL('./operator.mjs', import.meta.url));
    this.child = fork(script, [folder, JSON.stringify(options), JSON.stringify(boundary)], {
      execArgv: [],
      stdio: 'inherit',
    });
    let end: OperatorEnd = { code: 'killed' };
    this.ended = new Promise((resolve) => this.child.on('exit', () => resolve(end)));
    const stood = new Promise<'stopped'>((resolve) => {
      this.child.on('message', (message: { at?: Boundary; end?: OperatorEnd }) => {
        if (message.end !== undefined) end = message.end;
        else resolve('stopped');
      });
    });
    this.stopped = Promise.race([stood, this.ended.then(() => 'ended' as const)]);
  }

  go(): void {
    if (this.child.connected) this.child.send('go');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
