import { connect, createServer, type Server, type Socket } from 'node:net';

/** The cable between an operator and a node: it can be pulled, or made slow. */
export class Cable {
  private readonly sockets = new Set<Socket>();
  /** Pieces that have entered it. */
  carried = 0;
  private state: { is: 'whole' } | { is: 'cut' } | { is: 'slow'; ms: number } = { is: 'whole' };

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async before(target: { host: string; port: number }): Promise<Cable> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cable = new Cable(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => cable.join(client, connect(target.port, target.host)));
    return cable;
  }

  get url(): string {
    return `valkey://127.0.0.1:${this.port}`;
  }

  /** What is on its way arrives nowhere, and nothing is told to either side: as when a cable is pulled. */
  cut(): void {
    this.state = { is: 'cut' };
  }

  slow(ms: number): void {
    this.state = { is: 'slow', ms };
  }

  /** Connections that were cut are lost. */
  heal(): void {
    if (this.state.is === 'cut') for (const socket of this.sockets) socket.destroy();
    this.state = { is: 'whole' };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, node: Socket): void {
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        // Who is cut off does not hear of it.
        if (this.state.is !== 'cut') to.destroy();
      });
      const late: Buffer[] = [];
      from.on('data', (bytes: Buffer) => this.carry(bytes, to, late));
    }
  }

  /** `late`: what is still on its way in this direction. Nothing overtakes it, not even when the cable is whole again. */
  private carry(bytes: Buffer, to: Socket, late: Buffer[]): void {
    this.carried += 1;
    if (this.state.is === 'cut') return;
    if (this.state.is === 'whole' && late.length === 0) {
      to.write(bytes);
      return;
    }
    late.push(bytes);
    setTimeout(() => to.write(late.shift()!), this.state.is === 'slow' ? this.state.ms : 0);
  }
}
