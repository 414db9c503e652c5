import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Reply } from '../../resp/index.js';
import { LabError } from '../lab-error.js';
import type { Progress } from '../packages/apt.js';
import { waitFor } from '../wait-for.js';
import { findServer, type ServerProgram, type WantedVersion } from './find-server.js';
import { Guard } from './guard.js';
import { type CommandArgument, LabClient } from './lab-client.js';
import {
  type AclUser,
  type ConfigOptions,
  serverArguments,
  type TlsSetup,
  writeServerConfig,
} from './server-config.js';
import { type Exit, ServerProcess } from './server-process.js';
import { sharedTlsMaterial, type TlsMaterial } from './tls-material.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ServerOptions {
  /** Default `any`: what is on PATH, else the newest. */
  readonly version?: WantedVersion;
  /** Further arguments, as on the command line: `['--maxmemory', '1mb']`. They win over everything else. */
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
  readonly replicaOf?: Endpoint;
  /** Of the default user; also how this server logs in at its primary. */
  readonly password?: string;
  readonly primaryAuth?: { readonly username?: string; readonly password: string };
  readonly users?: readonly AclUser[];
  /** TLS instead of plain text on `port`, for clients and replication. */
  readonly tls?: boolean | TlsSetup;
  /** Listen on a unix socket, too. */
  readonly unixSocket?: boolean;
  /** Whether it is started with a configuration file, which CONFIG REWRITE needs; default true. */
  readonly configFile?: boolean;
  /** Until it answers; default 20 s. Fetching is not counted. */
  readonly startTimeoutMs?: number;
  /** Told what goes on when a server must be fetched first. */
  readonly onProgress?: Progress;
}

export interface RestartOptions {
  readonly version?: WantedVersion;
  /** Replaces the former arguments. */
  readonly args?: readonly string[];
  /** Whose replica it is to be, or null for nobody's; default: what it was at the end. */
  readonly replicaOf?: Endpoint | null;
  /** Whether the dataset, and with it the replication position, is saved; default true. */
  readonly save?: boolean;
}

const defaultStartTimeoutMs = 20_000;
const shutdownTimeoutMs = 15_000;
const stopGraceMs = 1_000;
const portTries = 20;

/** Starts a server on loopback in a temporary folder; resolves when it answers and has loaded its data. Rejects with a LabError. */
export async function startServer(options: ServerOptions = {}): Promise<LabServer> {
  const program = await findServer(options.version ?? 'any', options);
  for (let tries = 1; ; tries += 1) {
    const guard = await Guard.start();
    const server = new LabServer(guard, options, options.port ?? randomPort());
    try {
      await server.launch(program, options.args ?? [], null);
      if (options.replicaOf !== undefined) await server.follow(options.replicaOf);
      return server;
    } catch (error) {
      const taken = /Address already in use/i.test(await server.log());
      await server.stop();
      if (!taken || options.port !== undefined || tries === portTries) throw error;
    }
  }
}

/** Below the ports that systems give to outgoing connections: those could take a port while its server restarts. */
function randomPort(): number {
  return randomInt(12_000, 32_000);
}

export class LabServer implements Endpoint {
  readonly host = '127.0.0.1';
  /** Set with `tls`: what a client needs to connect. */
  readonly tls: ConnectionOptions | undefined;
  readonly socketPath: string | undefined;
  private readonly material: TlsMaterial | undefined;
  private readonly client: LabClient;
  private program!: ServerProgram;
  private process!: ServerProcess;
  private args: readonly string[] = [];
  private lastPrimary: Endpoint | null = null;
  /** The configuration file, or the arguments that stand for it. */
  private config: readonly string[] | undefined;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly guard: Guard,
    private readonly options: ServerOptions,
    readonly port: number,
  ) {
    if (options.tls !== undefined && options.tls !== false) {
      this.material = (options.tls === true ? undefined : options.tls.material) ?? sharedTlsMaterial();
      this.tls = { ca: this.material.ca, ...this.material.client };
    }
    if (options.unixSocket === true) this.socketPath = join(guard.dir, 'server.sock');
    const { password } = options;
    this.client = new LabClient({
      host: this.host,
      port,
      ...(this.tls === undefined ? {} : { tls: this.tls }),
      ...(password === undefined ? {} : { password }),
    });
  }

  /** Family and minor version, for example `valkey-9.1`. */
  get version(): string {
    return this.program.label;
  }

  /** For example `9.1.2`. */
  get fullVersion(): string {
    return this.program.full;
  }

  /** Of the server itself, not of a wrapper. */
  get pid(): number {
    return this.process.pid;
  }

  get running(): boolean {
    return this.process.running;
  }

  /** Its folder: data, configuration, log. It goes with the server. */
  get dir(): string {
    return this.guard.dir;
  }

  /** Of the present run; after a restart there is a new one. */
  get exited(): Promise<Exit> {
    return this.process.exited;
  }

  /** `host:port` */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** All that its runs have logged. */
  async log(): Promise<string> {
    return readFile(join(this.guard.dir, 'server.log'), 'utf8').catch(() => '');
  }

  /** One command on a control connection as the default user. Rejects with ReplyError or SEGUE_LAB_CONNECTION. */
  cli(...args: readonly CommandArgument[]): Promise<Reply> {
    return this.client.command(...args);
  }

  /** The fields of INFO, or of one section of it. */
  async info(section?: string): Promise<Record<string, string>> {
    const text = String(await this.cli('INFO', ...(section === undefined ? [] : [section])));
    const fields: Record<string, string> = {};
    for (const line of text.split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1);
    }
    return fields;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal);
  }

  /** Ends the server and removes its folder: politely first, by force after a second. Never rejects; may be called again. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    if (this.process?.running === true) {
      this.cli('SHUTDOWN', 'NOSAVE', 'NOW', 'FORCE').catch(() => {});
      await Promise.race([this.process.exited, timeout(stopGraceMs)]);
      this.process.kill('SIGKILL');
      await this.process.exited;
    }
    this.client.close();
    await this.guard.close();
  }

  /**
   * Ends the server in an orderly way, saving data and replication position, and starts it again on the same port with
   * the same data, perhaps as another version. A replica so restarted goes on by partial resync. Works, too, when the
   * server has ended by itself; it then comes back as the replica that it was last started as.
   */
  async restart(restart: RestartOptions = {}): Promise<void> {
    const version = restart.version;
    const program = version === undefined ? this.program : await findServer(version, this.options);
    let primary = this.lastPrimary;
    if (this.process.running) {
      primary = await this.currentPrimary();
      await this.shutdown(restart.save ?? true);
    }
    this.client.close();
    await this.launch(
      program,
      restart.args ?? this.args,
      restart.replicaOf === undefined ? primary : restart.replicaOf,
    );
  }

  /** REPLICAOF at run time connects at once; as an argument only when the server's clock next ticks, up to a second later. */
  async follow(primary: Endpoint): Promise<void> {
    await this.cli('REPLICAOF', primary.host, primary.port);
    this.lastPrimary = primary;
  }

  private async currentPrimary(): Promise<Endpoint | null> {
    const role = (await this.cli('ROLE')) as Reply[];
    return role[0] === 'slave' ? { host: String(role[1]), port: Number(role[2]) } : null;
  }

  private async shutdown(save: boolean): Promise<void> {
    const { process } = this;
    let refusal: unknown;
    this.cli('SHUTDOWN', save ? 'SAVE' : 'NOSAVE').catch((error: unknown) => {
      refusal = error; // "connection closed" is the answer that is hoped for
    });
    await Promise.race([process.exited, timeout(shutdownTimeoutMs)]);
    if (process.running) {
      throw new LabError('SEGUE_LAB_TIMEOUT', `${this.address} did not shut down in ${shutdownTimeoutMs} ms`, {
        cause: refusal,
      });
    }
  }

  /** For startServer and restart. */
  async launch(program: ServerProgram, args: readonly string[], primary: Endpoint | null): Promise<void> {
    this.program = program;
    this.args = args;
    this.lastPrimary = primary;
    this.config ??= await this.writeConfig();
    const replication = primary === null ? [] : ['--replicaof', primary.host, String(primary.port)];
    const command = [...program.command, ...this.config, ...replication, ...args];
    const logged = (await this.log()).length;
    this.process = await ServerProcess.start(this.guard, command);
    const deadlineMs = this.options.startTimeoutMs ?? defaultStartTimeoutMs;
    const { process } = this;
    try {
      await waitFor(() => this.isReady(process), {
        deadlineMs,
        what: `${program.label} on ${this.address} to answer`,
        until: (state) => state !== 'not yet',
      });
      if (process.running) return;
    } catch (error) {
      throw await this.startFailure(logged, error as Error);
    }
    throw await this.startFailure(logged, undefined);
  }

  private async isReady(process: ServerProcess): Promise<'ready' | 'ended' | 'not yet'> {
    if (!process.running) return 'ended';
    const info = await Promise.race([this.info(), process.exited.then(() => undefined)]);
    if (info === undefined) return 'ended';
    if (Number(info.process_id) !== process.pid) return 'not yet'; // somebody else's server; ours will fail to bind
    return info.loading === '0' ? 'ready' : 'not yet';
  }

  private async startFailure(logged: number, cause: Error | undefined): Promise<LabError> {
    const tail = (await this.log()).slice(logged).trim().split('\n').slice(-12).join('\n');
    const why = cause?.message ?? 'it ended';
    const text = `${this.program.label} did not start on ${this.address}: ${why}. Its log ends with:\n${tail}`;
    return new LabError('SEGUE_LAB_START_FAILED', text, cause === undefined ? {} : { cause });
  }

  private async writeConfig(): Promise<string[]> {
    const { options, material } = this;
    const setup = typeof options.tls === 'object' ? options.tls : {};
    const config: ConfigOptions = {
      dir: this.guard.dir,
      port: this.port,
      password: options.password,
      primaryAuth: options.primaryAuth,
      users: options.users,
      tls: material === undefined ? undefined : { ...setup, material },
      unixSocket: this.socketPath,
    };
    return options.configFile === false ? serverArguments(config) : [await writeServerConfig(config)];
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
