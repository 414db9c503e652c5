import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { UpgradeError } from './upgrade-error.js';

/** What a restart is told about the node. */
export interface RestartRequest {
  readonly host: string;
  readonly port: number;
  /** What the node was when the upgrade began. When it is restarted it is a replica in any case. */
  readonly role: 'primary' | 'replica';
  /** Whom it follows, and must follow afterwards. */
  readonly primary: { readonly host: string; readonly port: number };
}

/** Restarts a node as its new version. Rejects when that failed; `signal` ends it. Need not wait until the node answers. */
export type Restart = (node: RestartRequest, signal: AbortSignal) => Promise<void>;

const values: Readonly<Record<string, (node: RestartRequest) => string | number>> = {
  host: ({ host }) => host,
  port: ({ port }) => port,
  role: ({ role }) => role,
  'primary-host': ({ primary }) => primary.host,
  'primary-port': ({ primary }) => primary.port,
};

/** Names, IPv4 and IPv6 addresses: nothing that means anything to a shell, inside quotes or outside. */
const harmless = /^[\w.:%-]+$/;
const killGraceMs = 5_000;
const outputGraceMs = 200;

/** The user's command line with `{host}`, `{port}`, `{role}`, `{primary-host}` and `{primary-port}` in it. */
export class RestartCommand {
  /** @throws UpgradeError (SEGUE_UPGRADE_COMMAND) when it names no node. */
  constructor(readonly template: string) {
    if (/\{(host|port)\}/.test(template)) return;
    throw new UpgradeError('SEGUE_UPGRADE_COMMAND', 'it must say which node to restart, by {host} or {port}');
  }

  /** Whether it tells the node whom to follow. */
  get setsRole(): boolean {
    return this.template.includes('{primary-host}') || this.template.includes('{primary-port}');
  }

  /** @throws UpgradeError (SEGUE_UPGRADE_COMMAND) for a host that a shell could take for more than a word. */
  lineFor(node: RestartRequest): string {
    return this.template.replace(/(?<!\$)\{([a-z-]+)\}/g, (text, name: string) => {
      const value = values[name];
      if (value === undefined) return text; // awk's, or somebody's else
      const word = String(value(node));
      if (harmless.test(word)) return word;
      throw new UpgradeError('SEGUE_UPGRADE_COMMAND', `the host ${JSON.stringify(word)} is not fit for a shell`);
    });
  }

  /**
   * Runs it by `/bin/sh`. Resolves when it ends with 0. What it leaves running must have its output elsewhere: ours ends
   * with the command. When `signal` comes, the command and all that it has started get SIGTERM, later SIGKILL.
   */
  run(node: RestartRequest, signal: AbortSignal, onOutput: (line: string) => void): Promise<void> {
    const line = this.lineFor(node);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      // A group of its own: to end all of it, and so that a Ctrl-C in the terminal is ours to handle.
      const child = spawn('/bin/sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', onOutput);
      }
      let grace: NodeJS.Timeout | undefined;
      const kill = (name: NodeJS.Signals): void => {
        try {
          process.kill(-child.pid!, name);
        } catch {
          // it has ended
        }
      };
      const abort = (): void => {
        kill('SIGTERM');
        grace = setTimeout(() => kill('SIGKILL'), killGraceMs);
      };
      signal.addEventListener('abort', abort, { once: true });
      child.on('error', reject);
      child.on('exit', async (code, killedBy) => {
        clearTimeout(grace);
        signal.removeEventListener('abort', abort);
        await Promise.all([child.stdout, child.stderr].map(ended));
        if (signal.aborted) reject(signal.reason);
        else if (code === 0) resolve();
        else reject(new Error(`the restart command ended with ${killedBy ?? `exit code ${code}`}`));
      });
    });
  }
}

/** What was written before the end is read; what a background process writes later is not waited for. */
async function ended(stream: Readable): Promise<void> {
  if (!stream.readableEnded) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, outputGraceMs);
      stream.once('end', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  stream.destroy();
}
