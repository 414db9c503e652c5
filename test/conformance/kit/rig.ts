import {
  type LabPair,
  type LabServer,
  type PairOptions,
  startPair,
  waitForSync,
} from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import type { Place } from './talker.js';

/** How the table reaches a server: by itself, or through a node listener in front of it. */
export type Door = (server: LabServer) => Promise<Place & { close(): Promise<void> }>;

export const APP = { name: 'app', password: 'app-password', rules: '+@all ~* &*' } as const;
/** May do nothing with strings, and may not use CLIENT. */
export const NARROW = {
  name: 'narrow',
  password: 'narrow-password',
  rules: '+@all -get -set -client -readonly -eval ~allowed* &*',
} as const;

/** All that the watch of a node listener needs. */
export const WATCHER = {
  name: 'watcher',
  password: 'watcher-password',
  rules: '-@all +info +command +client|list +client|setname +blpop ~segue:tripwire:*',
} as const;
/** The least it can do with. */
export const ROLE_ONLY = { name: 'role-only', password: 'role-only-password', rules: '-@all +role' } as const;

export const directly: Door = async (server) => ({ host: server.host, port: server.port, close: async () => {} });

/** A pair of servers, each behind its door, whose roles change as the table wants it. */
export class Rig {
  #primary: LabServer;
  #replica: LabServer;

  private constructor(
    readonly label: string,
    private readonly pair: LabPair,
    private readonly doors: ReadonlyMap<LabServer, Place & { close(): Promise<void> }>,
  ) {
    this.#primary = pair.primary;
    this.#replica = pair.replica;
  }

  static async start(label: string, door: Door, options: PairOptions): Promise<Rig> {
    const pair = await startPair({ ...options, users: [APP, NARROW, WATCHER, ROLE_ONLY] });
    const doors = new Map<LabServer, Place & { close(): Promise<void> }>();
    try {
      for (const server of pair.nodes) doors.set(server, await door(server));
    } catch (error) {
      await pair.stop();
      throw error;
    }
    return new Rig(label, pair, doors);
  }

  get version(): string {
    return this.pair.primary.version;
  }

  get primary(): LabServer {
    return this.#primary;
  }

  get replica(): LabServer {
    return this.#replica;
  }

  doorOf(server: LabServer): Place {
    return this.doors.get(server)!;
  }

  /** Back to two nodes in step, with nothing in them and nothing left of what a case has set. */
  async reset(): Promise<void> {
    for (const server of this.pair.nodes) {
      await server.cli(
        'CONFIG',
        'SET',
        'replica-serve-stale-data',
        'yes',
        'replica-read-only',
        'yes',
        'maxmemory',
        '0',
      );
      await server.cli('CONFIG', 'SET', 'replica-ignore-maxmemory', 'yes');
    }
    await this.#primary.cli('REPLICAOF', 'NO', 'ONE');
    await this.#replica.follow(this.#primary);
    await this.#primary.cli('FLUSHALL');
    await this.#primary.cli('FUNCTION', 'FLUSH');
    await waitForSync(this.#primary, [this.#replica]);
    await this.#watched();
  }

  /** A node listener in front of the primary, if there is one, knows what it is: its tripwire is in place. */
  async #watched(): Promise<void> {
    const wire = async () => {
      const lines = String(await this.#primary.cli('CLIENT', 'LIST')).split('\n');
      const own = lines.filter((line) => line.includes('name=segue-node-watch'));
      return own.length === 0 || own.some((line) => / flags=b /.test(line));
    };
    await waitFor(wire, { deadlineMs: 10_000, what: 'the node listener to see its primary' });
  }

  /** The primary becomes the replica's replica, and no write is lost. Resolves when it has its data from there. */
  async swap(): Promise<void> {
    await this.inStep();
    await this.demote();
    await waitForSync(this.#primary, [this.#replica]);
  }

  /** The same, and nothing is waited for. */
  async demote(): Promise<void> {
    const [from, to] = [this.#primary, this.#replica];
    await to.cli('REPLICAOF', 'NO', 'ONE');
    await from.follow(to);
    this.#primary = to;
    this.#replica = from;
  }

  /** The replica has all that the primary has. */
  inStep(): Promise<void> {
    return waitForSync(this.#primary, [this.#replica]);
  }

  /** The replica begins a full resync that takes seconds; resolves when it loads. */
  async loadSlowly(): Promise<void> {
    const replica = this.#replica;
    await this.#primary.cli('EVAL', "for i=1,2000 do redis.call('set', 'k' .. i, string.rep('v', 100)) end", 0);
    await replica.cli('CONFIG', 'SET', 'key-load-delay', '2000', 'loading-process-events-interval-bytes', '1024');
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await replica.cli('SET', 'own', 'history');
    await replica.follow(this.#primary);
    await waitFor(async () => (await replica.info('persistence')).loading === '1', {
      deadlineMs: 10_000,
      what: 'the replica to load',
    });
  }

  /**
   * FAILOVER to a replica that is frozen: the primary demotes itself after a moment and waits. `unfreeze` lets it end.
   * Resolves when it waits.
   */
  async failOverToFrozen(): Promise<void> {
    const [from, to] = [this.#primary, this.#replica];
    to.kill('SIGSTOP');
    await from.cli('FAILOVER', 'TO', to.host, to.port, 'FORCE', 'TIMEOUT', '10');
    await waitFor(async () => (await from.info('replication')).master_failover_state === 'failover-in-progress', {
      deadlineMs: 10_000,
      what: 'the failover to be in progress',
    });
  }

  /** The failover ends as it was meant. */
  async unfreeze(): Promise<void> {
    this.#replica.kill('SIGCONT');
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
    await waitFor(async () => (await this.#primary.info('replication')).role === 'master', {
      deadlineMs: 10_000,
      what: 'the other node to take over',
    });
  }

  /** The failover is given up. */
  async abortFailover(): Promise<void> {
    await this.#primary.cli('FAILOVER', 'ABORT');
    this.#replica.kill('SIGCONT');
  }

  async loadFast(): Promise<void> {
    await this.#replica.cli('CONFIG', 'SET', 'key-load-delay', '0');
    await this.inStep();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.doors.values()].map((door) => door.close()));
    await this.pair.stop();
  }
}
