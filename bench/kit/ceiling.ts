import { connect, type Socket } from 'node:net';

/**
 * An ioredis connector that does the one thing that makes Segue's stream fast, and nothing else: what one tick writes goes
 * out as one write on a bare socket. No scanning, no log, no ledger: what a stream under ioredis can reach at the most.
 */
export class CeilingConnector {
  connecting = false;
  firstError: Error | undefined;
  private socket: Socket | undefined;

  constructor(private readonly options: { host?: string; port?: number }) {}

  check(): boolean {
    return true;
  }

  disconnect(): void {
    this.socket?.end();
  }

  async connect(): Promise<Socket> {
    const socket = connect(this.options.port ?? 6379, this.options.host ?? '127.0.0.1').setNoDelay(true);
    // connect() puts its own write on the socket: ours must come after it.
    socket.once('connect', () => joinWrites(socket));
    this.socket = socket;
    return socket;
  }
}

function joinWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (chunk: unknown, ...rest: unknown[]) => boolean;
  let joined = '';
  socket.write = ((chunk: unknown, ...rest: unknown[]): boolean => {
    if (typeof chunk !== 'string') return write(chunk, ...rest);
    if (joined === '') {
      process.nextTick(() => {
        const text = joined;
        joined = '';
        write(text);
      });
    }
    joined += chunk;
    return true;
  }) as Socket['write'];
}
