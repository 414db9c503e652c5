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
  readonly seen: string[] = [];
  readonly tricks: { match: RegExp; trick: Trick }[] = [];
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
    if (!/^(ROLE|INFO|CLIENT (ID|SETNAME))/.test(text)) this.seen.push(text);
    const index = this.tricks.findIndex(({ match }) => match.test(text));
    const tricked = index < 0 ? undefined : this.tricks.splice(index, 1)[0]!.trick(this, connection);
    if (tricked === 'silent') return;
    connection.write(tricked ?? this.answer(args, id));
  }

  private answer(args: string[], id: number): string {
    switch (args.slice(0, 2).join(' ')) {
      case 'ROLE':
        return this.roleReply();
      case 'INFO server':
        return bulk(['redis_mode:standalone']);
      case 'INFO stats':
        return bulk(['sync_full:1', `sync_partial_ok:${this.partial}`]);
      case 'INFO replication':
        return bulk([
          `role:${this.role}`,
          'master_replid:abc',
          'master_link_status:up',
          'slave0:ip=node,port=1,state=online,offset=1,lag=0',
        ]);
      case 'CLIENT ID':
        return `:${id}\r\n`;
      case 'CLIENT KILL':
        return ':0\r\n';
      case 'REPLICAOF NO':
        this.follow(undefined);
        return '+OK\r\n';
      default:
        return '+OK\r\n';
    }
  }

  private roleReply(): string {
    if (this.role === 'master') return `*3\r\n$6\r\nmaster\r\n:${this.offset}\r\n*0\r\n`;
    const state = this.linked ? 'connected' : 'connect';
    return `*5\r\n$5\r\nslave\r\n$4\r\nnode\r\n:${this.following?.port}\r\n$${state.length}\r\n${state}\r\n:${this.offset}\r\n`;
  }
}

function bulk(lines: string[]): string {
  const text = `${lines.join('\r\n')}\r\n`;
  return `$${text.length}\r\n${text}\r\n`;
}

/** A and its replica B, reachable as node:1 and node:2 over `transport`. */
export function fakePair(): { a: FakeNode; b: FakeNode; transport: MemoryTransport } {
  const transport = memoryTransport({ clock });
  const [a, b] = [new FakeNode(1, transport), new FakeNode(2, transport)];
  b.follow(a);
  // Whoever is told to follow a port follows the node there.
  for (const [node, other] of [
    [a, b],
    [b, a],
  ] as const) {
    node.on(new RegExp(`^REPLICAOF node ${other.port}$`), () => {
      node.follow(other);
      return '+OK\r\n';
    });
  }
  return { a, b, transport };
}
