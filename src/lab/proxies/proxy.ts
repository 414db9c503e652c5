import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../lab-error.js';
import { findPackages, type PackageSet } from '../packages/index.js';
import { Guard } from '../servers/guard.js';
import { type Endpoint, LabClient, type Progress } from '../servers/index.js';
import { ServerProcess } from '../servers/server-process.js';
import { waitFor } from '../wait-for.js';

export interface ProxyOptions {
  /** The one server behind it. */
  readonly target: Endpoint;
  /** Clients at a time that it must be able to serve. Default 1000. */
  readonly clientsMax?: number;
  readonly onProgress?: Progress;
}

/** What is different from proxy to proxy. */
export interface ProxyRecipe {
  /** For people. */
  readonly name: string;
  readonly packages: PackageSet;
  readonly program: string;
  readonly fileName: string;
  /** The configuration file. */
  configure(listenPort: number, options: ProxyOptions): string;
  /** Arguments of the program. */
  args(file: string): readonly string[];
}

/** Somebody else's proxy in front of one server, on loopback, in a temporary folder that goes with it. */
export interface LabProxy extends Endpoint {
  readonly name: string;
  readonly pid: number;
  /** Kills it. Never rejects; may be called again. */
  stop(): Promise<void>;
}

const startTimeoutMs = 10_000;
const portTries = 10;

/** Fetches the proxy when it is not there yet, starts it, and resolves when it passes a PING on. Rejects with a LabError. */
export async function startProxy(recipe: ProxyRecipe, options: ProxyOptions): Promise<LabProxy> {
  const { onProgress } = options;
  const tree = await findPackages(recipe.packages, onProgress === undefined ? {} : { onProgress });
  const command = tree.command(recipe.program);
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(recipe, options, command);
    } catch (error) {
      if (tries === portTries || !/address.*in use|cannot bind/i.test(String(error))) throw error;
    }
  }
}

async function startOnce(recipe: ProxyRecipe, options: ProxyOptions, command: readonly string[]): Promise<LabProxy> {
  const guard = await Guard.start();
  const port = randomInt(12_000, 32_000); // below the ports of outgoing connections, as for servers
  const client = new LabClient({ host: '127.0.0.1', port });
  try {
    const file = join(guard.dir, recipe.fileName);
    await writeFile(file, recipe.configure(port, options), { mode: 0o600 });
    const process = await ServerProcess.start(guard, [...command, ...recipe.args(file)]);
    const answers = await waitFor(async () => (process.running ? client.command('PING') : 'ended'), {
      deadlineMs: startTimeoutMs,
      what: `${recipe.name} to pass a PING on`,
    });
    if (answers === 'ended') {
      const log = await readFile(join(guard.dir, 'server.log'), 'utf8').catch(() => '');
      throw new LabError('SEGUE_LAB_START_FAILED', `${recipe.name} did not start: ${log.trim().slice(-1000)}`);
    }
    return { name: recipe.name, host: '127.0.0.1', port, pid: process.pid, stop: () => guard.close() };
  } catch (error) {
    await guard.close();
    throw error;
  } finally {
    client.close();
  }
}
