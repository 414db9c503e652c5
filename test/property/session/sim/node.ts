import { createHash } from 'node:crypto';
import type { SimClient } from './client.js';
import { commands, type Kind, type SimCommand } from './commands.js';
import { Data } from './data.js';
import { bulk, error, nilArray, OK, push, QUEUED } from './reply.js';

/** `r70` knows no redirect; `v81` closes blocked clients when it is demoted; `v91` redirects them if they are capable. */
export type Version = 'r70' | 'v81' | 'v91';

/** What the nodes of a pair have in common: the one history of its data, and what became of every write. */
export class Lineage {
  data = new Data();
  now = 0;
  /** How often each write was executed, replication not counted, by its token. */
  readonly executed = new Map<string, number>();
  /** The tokens in the order in which they were executed, as far as `data` holds them. */
  readonly history: string[] = [];
  readonly nodes: SimNode[] = [];
  /** Every transaction that was executed: its commands, and whether a WATCH was in force on its connection. */
  readonly transactions: { readonly commands: string; readonly watching: boolean }[] = [];

  /** The transaction that wrote `token` was executed although the WATCH before it had been lost. */
  blind(token: string): boolean {
    const wrote = (command: string) => command.split(' ').some((arg) => arg === token || arg.startsWith(`${token}.`));
    return this.transactions.some(({ commands, watching }) => !watching && commands.split('|').some(wrote));
  }

  ran(token: string): void {
    this.executed.set(token, (this.executed.get(token) ?? 0) + 1);
    this.history.push(token);
  }

  /** A write to the key dirties every WATCH of it, on the primary at once and on replicas by replication. */
  touch(database: number, key: string): void {
    for (const node of this.nodes) {
      for (const client of node.clients) if (client.watched.has(`${database}/${key}`)) client.touched = true;
    }
  }
}

export const READONLY = "READONLY You can't write against a read only replica.";
const UNBLOCKED = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';
const ABORTED = 'EXECABORT Transaction discarded because of previous errors.';

/** A server: what matters of it to a session, as measured on real ones. */
export class SimNode {
  role: 'primary' | 'replica' = 'replica';
  /** Where it says that the primary is. */
  primary: SimNode | undefined;
  /** A replica's data may be old. */
  replicated: Data;
  /** How much of the lineage's history is in `replicated`. */
  replicatedLength = 0;
  readonly clients = new Set<SimClient>();
  /** Bodies by SHA-1. Not replicated. */
  readonly scripts = new Map<string, string>();
  /** Lists that were pushed to in the command at hand. */
  readonly ready: { database: number; key: string }[] = [];
  paused = false;
  /** Demoted by FAILOVER, and the other is not promoted yet. */
  failingOver = false;
  loading = false;
  lonely = false;
  alive = true;

  /** READONLY is no error outside a cluster. */
  knowsReadOnly: boolean;
  /** When it had all that the primary had. */
  freshMs = 0;

  constructor(
    readonly name: string,
    readonly version: Version,
    readonly lineage: Lineage,
    readonly password: string | undefined,
  ) {
    this.knowsReadOnly = version !== 'r70';
    this.replicated = lineage.data.copy();
    lineage.nodes.push(this);
  }

  get data(): Data {
    return this.role === 'primary' ? this.lineage.data : this.replicated;
  }

  // ---- roles -----------------------------------------------------------------------------------------------------

  promote(): void {
    this.role = 'primary';
    this.primary = undefined;
  }

  replicate(): void {
    this.replicated = this.lineage.data.copy();
    this.replicatedLength = this.lineage.history.length;
    this.freshMs = this.lineage.now;
  }

  /** `failover`: the primary's successor is not ready yet; capable clients are kept waiting. */
  demote(primary: SimNode, failover = false): void {
    this.role = 'replica';
    this.primary = primary;
    this.failingOver = failover;
    this.replicate();
    if (!failover || this.version !== 'v91') this.#unblockAll();
  }

  /** The successor is ready: everyone who waits is served. */
  settleDown(): void {
    this.failingOver = false;
    this.paused = false;
    if (this.role === 'replica') this.#unblockAll();
    for (const client of [...this.clients]) {
      const { postponed } = client;
      if (postponed === undefined) continue;
      client.postponed = undefined;
      client.execute(postponed);
      client.pump();
    }
  }

  #unblockAll(): void {
    for (const client of [...this.clients]) {
      if (client.blocked === undefined) continue;
      client.blocked = undefined;
      if (this.version === 'v91' && client.capable) {
        client.answer(this.#redirect());
        client.pump();
      } else {
        client.answer(error(UNBLOCKED));
        client.closed = true;
      }
    }
  }

  /** BLPOPs that have waited long enough. */
  expireBlocked(): void {
    for (const client of [...this.clients]) {
      if (client.blocked === undefined || client.blocked.until > this.lineage.now) continue;
      client.blocked = undefined;
      client.answer(nilArray(client.protocol));
      client.pump();
    }
  }

  /** When a command is over, those who wait for the lists that it pushed to get the elements. */
  serveBlocked(): void {
    for (let at = this.ready.shift(); at !== undefined; at = this.ready.shift()) {
      for (const client of [...this.clients]) {
        const { blocked } = client;
        if (blocked?.key !== at.key || blocked.database !== at.database) continue;
        if (!this.data.database(at.database).has(at.key)) break;
        client.blocked = undefined;
        client.answer(this.pop(at.database, at.key));
        client.pump();
      }
    }
  }

  pop(database: number, key: string): string {
    const keys = this.data.database(database);
    const list = keys.get(key) as string[];
    const element = list.shift()!;
    if (list.length === 0) keys.delete(key);
    this.lineage.touch(database, key);
    this.lineage.ran(`pop ${element}`);
    return `*2\r\n${bulk(key)}${bulk(element)}`;
  }

  publish(channel: string, message: string): number {
    const reached = this.role === 'primary' ? this.lineage.nodes : [this];
    let own = 0;
    for (const node of reached) {
      for (const client of node.clients) {
        if (!client.channels.has(channel)) continue;
        client.send(push(client.protocol, [bulk('message'), bulk(channel), bulk(message)]));
        if (node === this) own++;
      }
    }
    return own;
  }

  // ---- commands --------------------------------------------------------------------------------------------------

  /** The checks of a server, in their order. Returns the answer; undefined when it comes later or never. */
  execute(client: SimClient, args: string[]): string | undefined {
    const name = args[0]!.toLowerCase();
    const command = commands[name];
    if (command === undefined) return this.#reject(client, name, `ERR unknown command '${args[0]}'`);
    if (args.length < command.argsMin) {
      return this.#reject(client, name, `ERR wrong number of arguments for '${name}' command`);
    }
    if (this.password !== undefined && client.user === undefined && !command.beforeAuth) {
      return this.#reject(client, name, 'NOAUTH Authentication required.');
    }
    const kind = name === 'exec' ? this.#kindOfAll(client) : command.kind(args, this);
    if (this.role === 'replica' && client.capable && this.version !== 'r70') {
      if (kind === 'write' || (kind === 'read' && !client.readOnly)) return this.#refuseCapable(client, name, args);
    }
    const refused = this.#refusal(client, name, command, kind);
    if (refused !== undefined) return this.#reject(client, name, refused);
    if (this.paused && (kind === 'write' || kind === 'may-replicate')) {
      client.postponed = args;
      return undefined;
    }
    if (client.queue !== undefined && !command.immediate) {
      client.queue.push(args);
      return QUEUED;
    }
    return name === 'exec' ? this.#exec(client) : command.run(client, args, this);
  }

  #refusal(client: SimClient, name: string, command: SimCommand, kind: Kind): string | undefined {
    const writes = kind === 'write';
    if (writes && this.role === 'primary' && this.lonely) return 'NOREPLICAS Not enough good replicas to write.';
    if (writes && this.role === 'replica') return READONLY;
    if (client.protocol === 2 && client.channels.size > 0 && !command.whileSubscribed) {
      return `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
    }
    if (this.loading && !command.whileLoading) return 'LOADING Valkey is loading the dataset in memory';
    return undefined;
  }

  #refuseCapable(client: SimClient, name: string, args: string[]): string | undefined {
    if (this.failingOver) {
      client.postponed = args;
      return undefined;
    }
    if (name === 'exec') client.endTransaction();
    else if (client.queue !== undefined) client.spoiled = true;
    return this.#redirect();
  }

  #redirect(): string {
    return error(`REDIRECT ${this.primary!.name}:1`);
  }

  #reject(client: SimClient, name: string, text: string): string {
    if (name === 'exec') {
      client.endTransaction();
      return error(`EXECABORT Transaction discarded because of: ${text}`);
    }
    if (client.queue !== undefined) client.spoiled = true;
    return error(text);
  }

  #exec(client: SimClient): string {
    const { queue, spoiled, touched } = client;
    if (queue === undefined) return error('ERR EXEC without MULTI');
    const transaction = queue.map((args) => args.join(' ')).join('|');
    const watching = client.watched.size > 0;
    client.endTransaction();
    if (spoiled) return error(ABORTED);
    if (touched) return nilArray(client.protocol);
    this.lineage.transactions.push({ commands: transaction, watching });
    const answers = queue.map((args) => commands[args[0]!.toLowerCase()]!.run(client, args, this, true) ?? OK);
    return `*${answers.length}\r\n${answers.join('')}`;
  }

  /** Keeps the body of a script; returns its SHA-1. */
  keep(body: string): string {
    const sha = createHash('sha1').update(body, 'latin1').digest('hex');
    this.scripts.set(sha, body);
    return sha;
  }

  /** EXEC is what its commands are together. */
  #kindOfAll(client: SimClient): Kind {
    // A dirty WATCH empties the flags of the queue: EXEC is answered nil, whatever the node is.
    if (client.touched) return 'other';
    const kinds = (client.queue ?? []).map((args) => commands[args[0]!.toLowerCase()]!.kind(args, this));
    return (['write', 'may-replicate', 'read'] as const).find((kind) => kinds.includes(kind)) ?? 'other';
  }
}
