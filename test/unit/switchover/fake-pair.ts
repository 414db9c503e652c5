import { CommandScanner, CommandTable, commandArgs } from '../../../src/resp/index.js';
import { clock, type MemoryConnection, type MemoryTransport, memoryTransport } from '../../../src/transport/index.js';

/** Does something instead of, or before, the node's own answer. `undefined`: the node answers as always. */
export type Trick = (node: FakeNode, connection: MemoryConnection) => 'silent' | string | undefined;

const table = CommandTable.standard();

/** As much of a server as a switch talks to. */
export class FakeNode {
  role: 'master' | 'slave' = 'master';
  offset = 1000;
  linked = true;
  following: FakeNode | undefined;
  pausedUntil = 0;
  /** The orders that change who is what; `config` has the other changes. */
  readonly seen: string[] = [];
  readonly config = new Map([
    ['min-replicas-to-write', '0'],
    ['min-replicas-max-lag', '10'],
    ['repl-diskless-sync', 'yes'],
    ['repl-diskless-sync-delay', '5'],
    ['repl-ping-replica-period', '10'],
  ]);
  /** All that was ever set there, in order: `name value`. */
  readonly configured: string[] = [];
  readonly keys = new Map<string, string>();
  readonly tricks: { match: RegExp; trick: Trick }[] = [];
  readonly published: string[] = [];
  private readonly names = new Map<number, string>();
  /** By port: whom it can be told to follow. */
  readonly peers = new Map<string, FakeNode>();
  private queueing = false;
  private aborted = false;
  private ids = 0;
  private partial = 0;

  constructor(
    readonly port: number,
    transport: MemoryTransport,
  ) {
    transport.listen({ kind: 'tcp', host: 'node', port }, (connection) => this.serve(connection));
  }

  follow(primary: FakeNode | undefined): void {
    this.role = primary === undefined ? 'master' : 'slave';
    this.following = primary;
    if (primary !== undefined) primary.partial += 1;
  }

  lag(): this {
    this.offset = 900;
    return this;
  }

  /** The next command that matches is answered by the trick, once. */
  on(match: RegExp, trick: Trick): this {
    this.tricks.push({ match, trick });
    return this;
  }

  private serve(connection: MemoryConnection): void {
    const scanner = new CommandScanner(table);
    const id = ++this.ids;
    connection.onData = (chunk) => {
      for (let from = 0; from < chunk.length; ) {
        const end = scanner.next(chunk, from, chunk.length);
        if (end === -1) throw new Error('the fake takes whole commands only');
        const args = commandArgs(chunk, from, end).map(String);
        from = end;
        if (connection.open) this.receive(args, connection, id);
      }
    };
  }

  private receive(args: string[], connection: MemoryConnection, id: number): void {
    const text = args.join(' ');
    if (/^(REPLICAOF|CLIENT (PAUSE|UNPAUSE|KILL))/.test(text)) this.seen.push(text);
    const index = this.tricks.findIndex(({ match }) => match.test(text));
    const tricked = index < 0 ? undefined : this.tricks.splice(index, 1)[0]!.trick(this, connection);
    if (tricked === 'silent') return;
    if (this.queueing && tricked?.startsWith('-')) this.aborted = true;
    connection.write(tricked ?? this.answer(args, id));
  }

  private answer(args: string[], id: number): string {
    const [first, second = '', third = '', fourth = ''] = args;
    switch (first) {
      case 'ROLE':
        return this.roleReply();
      case 'INFO':
        return this.infoReply(second);
      case 'CLIENT':
        return this.clientReply(second, third, id);
      case 'CONFIG':
        return this.configReply(second, third, fourth);
      case 'SET':
        this.keys.set(second, `${third} ${args.slice(3).join(' ')}`);
        return '+OK\r\n';
      case 'DEL':
        return `:${Number(this.keys.delete(second))}\r\n`;
      case 'PTTL': {
        const written = (this.following ?? this).keys.get(second);
        return `:${written === undefined ? -2 : Number(written.split(' ')[2])}\r\n`;
      }
      case 'PUBSUB':
        return '*2\r\n$12\r\nsegue:notice\r\n:0\r\n';
      case 'PUBLISH':
        this.published.push(third);
        return ':0\r\n';
      case 'SUBSCRIBE':
        return `*3\r\n$9\r\nsubscribe\r\n$${second.length}\r\n${second}\r\n:1\r\n`;
      case 'MULTI':
        [this.queueing, this.aborted] = [true, false];
        return '+OK\r\n';
      case 'PSYNC':
        return '+CONTINUE abc\r\n';
      case 'EXEC':
        this.queueing = false;
        return this.aborted ? '-EXECABORT because of previous errors\r\n' : '*1\r\n+OK\r\n';
      case 'REPLICAOF':
        this.follow(this.peers.get(third));
        return '+OK\r\n';
      default:
        return '+OK\r\n';
    }
  }

  private infoReply(section: string): string {
    if (section === 'server') return bulk(['redis_mode:standalone', 'run_id:one', 'config_file:/etc/node.conf']);
    if (section === 'stats') return bulk(['sync_full:1', `sync_partial_ok:${this.partial}`]);
    if (section !== 'replication') return bulk([]);
    return bulk([
      `role:${this.role}`,
      'master_replid:abc',
      'master_link_status:up',
      'slave0:ip=node,port=1,state=online,offset=1,lag=0',
    ]);
  }

  private clientReply(subcommand: string, name: string, id: number): string {
    if (subcommand === 'ID') return `:${id}\r\n`;
    if (subcommand === 'KILL') return ':0\r\n';
    if (subcommand === 'SETNAME') this.names.set(id, name);
    if (subcommand !== 'LIST') return '+OK\r\n';
    return bulk([...this.names].map(([client, called]) => `id=${client} addr=operator:1 name=${called}`));
  }

  private configReply(subcommand: string, name: string, value: string): string {
    if (subcommand === 'SET') {
      this.configured.push(`${name} ${value}`);
      this.config.set(name, value);
    }
    if (subcommand !== 'GET') return '+OK\r\n';
    const found = this.config.get(name);
    return found === undefined ? '*0\r\n' : `*2\r\n$${name.length}\r\n${name}\r\n$${found.length}\r\n${found}\r\n`;
  }

  private roleReply(): string {
    if (this.role === 'master') return `*3\r\n$6\r\nmaster\r\n:${this.offset}\r\n*0\r\n`;
    const state = this.linked ? 'connected' : 'connect';
    return `*5\r\n$5\r\nslave\r\n$4\r\nnode\r\n:${this.following?.port}\r\n$${state.length}\r\n${state}\r\n:${this.offset}\r\n`;
  }
}

function bulk(lines: readonly string[]): string {
  const text = `${lines.join('\r\n')}\r\n`;
  return `$${text.length}\r\n${text}\r\n`;
}

/** A and its replica B, reachable as node:1 and node:2 over `transport`. */
export function fakePair(): { a: FakeNode; b: FakeNode; transport: MemoryTransport } {
  const transport = memoryTransport({ clock });
  const [a, b] = [new FakeNode(1, transport), new FakeNode(2, transport)];
  b.follow(a);
  a.peers.set('2', b);
  b.peers.set('1', a);
  return { a, b, transport };
}
