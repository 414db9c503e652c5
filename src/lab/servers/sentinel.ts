import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reply } from '../../resp/index.js';
import { waitFor } from '../wait-for.js';
import { findServer, type WantedVersion } from './find-server.js';
import { Guard } from './guard.js';
import { type CommandArgument, LabClient } from './lab-client.js';
import type { Endpoint } from './server.js';
import { ServerProcess } from './server-process.js';

export interface SentinelOptions {
  /** Default `any`: what is on PATH, else the newest. */
  readonly version?: WantedVersion;
  /** Whom it watches. */
  readonly primary: Endpoint;
  /** The name of the pair; default `pair`. */
  readonly service?: string;
  /** Default 1. */
  readonly quorum?: number;
  /** Default 5000. */
  readonly downAfterMs?: number;
  /** How it logs in at the pair. */
  readonly password?: string;
  /** Of the Sentinel itself. */
  readonly ownPassword?: string;
}

const startDeadlineMs = 10_000;

/** Starts a Sentinel: the server's own program with `--sentinel`. Resolves when it answers. Rejects with a LabError. */
export async function startSentinel(options: SentinelOptions): Promise<LabSentinel> {
  const program = await findServer(options.version ?? 'any');
  const guard = await Guard.start();
  const port = randomInt(12_000, 32_000);
  const config = join(guard.dir, 'sentinel.conf');
  await writeFile(config, configText(options, port, guard.dir), { mode: 0o600 });
  const process = await ServerProcess.start(guard, [...program.command, config, '--sentinel']);
  const sentinel = new LabSentinel(guard, process, port, options);
  try {
    await waitFor(() => sentinel.cli('PING'), { deadlineMs: startDeadlineMs, what: `a Sentinel on port ${port}` });
    return sentinel;
  } catch (error) {
    await sentinel.stop();
    throw error;
  }
}

export class LabSentinel implements Endpoint {
  readonly host = '127.0.0.1';
  readonly service: string;
  private readonly client: LabClient;

  constructor(
    private readonly guard: Guard,
    private readonly process: ServerProcess,
    readonly port: number,
    options: SentinelOptions,
  ) {
    this.service = options.service ?? 'pair';
    const { ownPassword } = options;
    this.client = new LabClient({
      host: this.host,
      port,
      ...(ownPassword === undefined ? {} : { password: ownPassword }),
    });
  }

  /** `host:port` */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  cli(...args: readonly CommandArgument[]): Promise<Reply> {
    return this.client.command(...args);
  }

  /** Whom it takes for the primary, `host:port`. */
  async primary(): Promise<string> {
    const reply = await this.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.service);
    return Array.isArray(reply) ? reply.join(':') : String(reply);
  }

  async log(): Promise<string> {
    return readFile(join(this.guard.dir, 'server.log'), 'utf8').catch(() => '');
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal);
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    this.client.close();
    this.process.kill('SIGKILL');
    await this.process.exited;
    await this.guard.close();
  }
}

function configText(options: SentinelOptions, port: number, dir: string): string {
  const { primary, service = 'pair', quorum = 1, downAfterMs = 5_000, password, ownPassword } = options;
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${dir}`,
    `sentinel monitor ${service} ${primary.host} ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${service} ${downAfterMs}`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${service} ${password}`]),
    ...(ownPassword === undefined ? [] : [`requirepass ${ownPassword}`]),
  ];
  return `${lines.join('\n')}\n`;
}
