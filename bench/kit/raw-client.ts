import { connect, type Socket } from 'node:net';
import { encodeCommand, type Reply, ReplyError } from '../../src/resp/index.js';
import { ReplyReader } from './reply-reader.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One connection, replies in order. */
class Wire {
  private readonly waiting: ((reply: Reply | Error) => void)[] = [];
  private readonly replies = new ReplyReader();
  private readonly socket: Socket;

  constructor({ host, port }: Endpoint) {
    this.socket = connect(port, host).setNoDelay(true);
    this.socket.on('data', (chunk) => this.read(chunk));
    this.socket.on('error', (error) => this.lose(error));
    this.socket.on('close', () => this.lose(new Error('the connection was closed')));
  }

  send(commands: readonly (readonly (string | number)[])[]): Promise<(Reply | Error)[]> {
    this.socket.write(Buffer.concat(commands.map((command) => encodeCommand(command))));
    return Promise.all(commands.map(() => new Promise<Reply | Error>((resolve) => this.waiting.push(resolve))));
  }

  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.replies.read(chunk, (reply) => this.waiting.shift()!(reply));
  }

  private lose(error: Error): void {
    for (const resolve of this.waiting.splice(0)) resolve(error);
  }
}

/**
 * A client that understands one thing: what was answered with `-REDIRECT host:port` (or in a cluster `-MOVED slot host:port`)
 * is sent there, in the same order. The best that such a client can be: it has a connection to every node from the start.
 */
export class RawClient {
  private readonly wires: ReadonlyMap<string, Wire>;
  private current: Wire;

  constructor(nodes: readonly Endpoint[], redirect: boolean) {
    this.wires = new Map(nodes.map((node) => [`${node.host}:${node.port}`, new Wire(node)]));
    this.current = [...this.wires.values()][0]!;
    if (redirect) for (const wire of this.wires.values()) wire.send([['CLIENT', 'CAPA', 'redirect']]).catch(() => {});
  }

  /** Resolves with one reply or error for each command. */
  async send(commands: readonly (readonly (string | number)[])[]): Promise<(Reply | Error)[]> {
    const replies = await this.current.send(commands);
    const refused = replies.flatMap((reply, index) => (targetOf(reply) === undefined ? [] : [index]));
    if (refused.length === 0) return replies;
    const target = this.wires.get(targetOf(replies[refused[0]!]!)!);
    if (target === undefined) return replies;
    this.current = target;
    const again = await this.send(refused.map((index) => commands[index]!));
    for (const [at, index] of refused.entries()) replies[index] = again[at]!;
    return replies;
  }

  close(): void {
    for (const wire of this.wires.values()) wire.close();
  }
}

function targetOf(reply: Reply | Error): string | undefined {
  if (!(reply instanceof ReplyError)) return undefined;
  return /^(?:REDIRECT|MOVED -?\d+) (\S+)$/.exec(reply.message)?.[1];
}
