import { commandArgs } from '../../../src/resp/index.js';
import type { MemoryConnection, MemoryTransport } from '../../../src/transport/index.js';
import { parseAddress } from '../../../src/transport/index.js';
import type { FakeNode, World } from '../../unit/topology/world.js';

export interface FakeOptions {
  username?: string;
  password?: string;
  /** Replies instead of the usual one; by command in upper case, with its first argument if it has one. */
  replies?: Record<string, string>;
}

/** A server of the world that speaks RESP on the in-memory network: as much of it as a control conversation needs. */
export class FakeServer {
  readonly commands: string[] = [];
  readonly connections = new Set<MemoryConnection>();
  /** Those that are subscribed to notices. */
  readonly subscribers = new Set<MemoryConnection>();
  /** How many chunks came in. */
  chunks = 0;

  constructor(
    private readonly world: World,
    private readonly node: FakeNode,
    network: MemoryTransport,
    private readonly options: FakeOptions = {},
  ) {
    for (const text of node.addresses) network.listen(parseAddress(text)!, (connection) => this.#accept(connection));
  }

  /** Ends all connections, with an error. */
  cutAll(): void {
    for (const connection of [...this.connections]) connection.cut();
  }

  /** Someone publishes this on the channel of the notices. */
  publish(text: string): void {
    const message = `*3\r\n${bulk('message')}${bulk('segue:notice')}${bulk(text)}`;
    for (const connection of this.subscribers) connection.write(message);
  }

  #accept(connection: MemoryConnection): void {
    this.connections.add(connection);
    let loggedIn = this.options.password === undefined;
    let pending = '';
    connection.onClose = () => {
      this.connections.delete(connection);
      this.subscribers.delete(connection);
    };
    connection.onData = (chunk) => {
      this.chunks++;
      pending += chunk.toString('latin1');
      for (let end = commandEnd(pending); end > 0; end = commandEnd(pending)) {
        const bytes = Buffer.from(pending.slice(0, end), 'latin1');
        pending = pending.slice(end);
        const args = commandArgs(bytes, 0, bytes.length).map(String);
        if (args[0] === 'AUTH') loggedIn = this.#auth(connection, args.slice(1));
        else if (loggedIn) this.#answer(connection, args);
        else connection.write('-NOAUTH Authentication required.\r\n');
      }
    };
  }

  #auth(connection: MemoryConnection, args: string[]): boolean {
    const { username = 'default', password } = this.options;
    const [user, given] = args.length === 2 ? args : ['default', args[0]];
    const isRight = user === username && given === password;
    connection.write(isRight ? '+OK\r\n' : '-WRONGPASS invalid username-password pair or user is disabled.\r\n');
    return isRight;
  }

  #answer(connection: MemoryConnection, args: string[]): void {
    if (this.node.state === 'frozen') return;
    const name = args.slice(0, 2).join(' ').toUpperCase();
    this.commands.push(args.join(' '));
    const special = this.options.replies?.[name];
    connection.write(special ?? this.#usual(name));
    if (name.startsWith('SUBSCRIBE') && special === undefined) this.subscribers.add(connection);
  }

  #usual(name: string): string {
    if (name === 'PING')
      return this.node.loading ? '-LOADING Valkey is loading the dataset in memory\r\n' : '+PONG\r\n';
    if (name === 'INFO SERVER')
      return bulk(`# Server\r\nrun_id:${this.node.process}\r\ntcp_port:1\r\nvalkey_version:9.1.0\r\n`);
    if (name === 'SUBSCRIBE SEGUE:NOTICE') return `*3\r\n${bulk('subscribe')}${bulk('segue:notice')}:1\r\n`;
    if (name === 'INFO REPLICATION') return bulk(this.#replication());
    return '+OK\r\n';
  }

  #replication(): string {
    const report = this.world.report(this.node);
    const lines = ['# Replication', `role:${report.role === 'primary' ? 'master' : 'slave'}`];
    if (report.upstream) {
      const { host, port, linkUp } = report.upstream;
      lines.push(`master_host:${host}`, `master_port:${port}`, `master_link_status:${linkUp ? 'up' : 'down'}`);
      lines.push(`slave_repl_offset:${report.offset}`);
    }
    report.replicas.forEach(({ host, port, offset }, at) => {
      lines.push(`slave${at}:ip=${host},port=${port},state=online,offset=${offset},lag=0,type=replica`);
    });
    lines.push(`master_replid:${report.replid}`, `master_replid2:${report.parent ?? '0'.repeat(40)}`);
    lines.push(`master_repl_offset:${report.offset}`, 'second_repl_offset:-1');
    return `${lines.join('\r\n')}\r\n`;
  }
}

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** Where the first command in the text ends; 0 while it is incomplete. */
function commandEnd(text: string): number {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (!head) return 0;
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left--) {
    const length = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (!length) return 0;
    at += length[0].length + Number(length[1]) + 2;
  }
  return at <= text.length ? at : 0;
}
