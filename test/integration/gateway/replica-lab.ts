import { connect, createServer, type Server, type Socket } from 'node:net';
import { waitFor } from '../../../src/lab/wait-for.js';
import type { GatewayLab, RawClient } from './lab.js';

/** One request at a time, each answered by one frame that the test knows the end of. */
export class Asker {
  constructor(private readonly client: RawClient) {}

  /** The answer as it came; `end`: how it ends. */
  async ask(command: string, end = '\r\n'): Promise<string> {
    this.client.text = '';
    this.client.write(`${command}\r\n`);
    await this.client.until(end);
    return this.client.text;
  }

  /** The port of the server that answers. */
  async at(): Promise<number> {
    this.client.text = '';
    this.client.write('CONFIG GET port\r\n');
    await waitFor(() => /\r\n\d+\r\n$/.test(this.client.text.replace(/^[\s\S]*port\r\n\$\d+/, '')), {
      deadlineMs: 20_000,
      what: 'who answers',
    });
    return Number(/\r\n(\d+)\r\n$/.exec(this.client.text)![1]);
  }

  /** Until a server with one of these ports answers. */
  async comesTo(...ports: number[]): Promise<number> {
    return waitFor(() => this.at(), {
      deadlineMs: 20_000,
      what: `an answer from ${ports}`,
      until: (port) => ports.includes(port),
    });
  }
}

/** Where clients of a lab read while all is well: short intervals, so that a lag is known soon. */
export const QUICK = { probeIntervalMs: 100, seekIntervalMs: 20, replicaLagMaxMs: 2_000 } as const;

export function asker(lab: GatewayLab): Asker {
  return new Asker(lab.raw());
}

/** A connection in between that can stand still. */
export class Strait {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect({ port: target, host: '127.0.0.1' });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
        if (this.#frozen) socket.pause();
      }
      near.pipe(far).pipe(near);
    });
  }

  static async before(target: number): Promise<Strait> {
    const strait = new Strait(target);
    await new Promise<void>((resolve) => strait.#server.listen(0, '127.0.0.1', resolve));
    return strait;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
