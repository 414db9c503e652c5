import { segueConnector } from '../../../src/doors/ioredis/index.js';
import { type LabPair, type LabServer, type PairOptions, startPair, waitFor } from '../../../src/lab/servers/index.js';
import type { Client, ClientClass } from './clients.js';

/** A pair that can be switched back and forth, and clients of it. */
export class SwitchedPair {
  primary: LabServer;
  replica: LabServer;
  readonly #clients: Client[] = [];
  /** 'error' events of all clients. */
  readonly errors: Error[] = [];

  private constructor(private readonly pair: LabPair) {
    this.primary = pair.primary;
    this.replica = pair.replica;
  }

  static async start(options: PairOptions): Promise<SwitchedPair> {
    return new SwitchedPair(await startPair(options));
  }

  /** A client with the connector, its seed is today's primary. */
  client(Library: ClientClass, options: Record<string, unknown> = {}): Client {
    const { host, port, tls } = this.primary;
    const client = new Library({ host, port, ...(tls ? { tls } : {}), Connector: segueConnector(), ...options });
    this.keep(client);
    return client;
  }

  keep(client: Client): Client {
    client.on('error', (error: Error) => this.errors.push(error));
    this.#clients.push(client);
    return client;
  }

  /** The manual order, without care for speed: A pauses writes, B has all, B is promoted, A follows. */
  async switchOver(): Promise<void> {
    const { primary, replica } = this;
    await primary.cli('CLIENT', 'PAUSE', '10000', 'WRITE');
    const target = await offsetOf(primary);
    await waitFor(() => offsetOf(replica), { deadlineMs: 5_000, what: 'the replica', until: (at) => at >= target });
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await primary.cli('REPLICAOF', replica.host, String(replica.port));
    await primary.cli('CLIENT', 'UNPAUSE');
    [this.primary, this.replica] = [replica, primary];
  }

  disconnectAll(): void {
    for (const client of this.#clients.splice(0)) client.disconnect();
    this.errors.length = 0;
  }

  async stop(): Promise<void> {
    this.disconnectAll();
    await this.pair.stop();
  }
}

async function offsetOf(server: LabServer): Promise<number> {
  return Number((await server.info('replication')).master_repl_offset);
}
