import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segueConnector } from '../../../src/doors/ioredis/index.js';
import { type LabPair, type LabServer, startPair, waitFor } from '../../../src/lab/servers/index.js';
import { type Client, libraries } from './clients.js';

let pair: LabPair;
let primary: LabServer;
let replica: LabServer;

beforeAll(async () => {
  pair = await startPair({ version: 'valkey-9.1' });
  ({ primary, replica } = pair);
});
afterAll(() => pair.stop());

/** The manual order, without care for time: A pauses writes, B has all, B is promoted, A follows. */
async function switchOver(): Promise<void> {
  await primary.cli('CLIENT', 'PAUSE', '10000', 'WRITE');
  const offset = async (server: LabServer) => Number((await server.info('replication')).master_repl_offset);
  const target = await offset(primary);
  await waitFor(() => offset(replica), { deadlineMs: 5_000, what: 'catch up', until: (at) => at >= target });
  await replica.cli('REPLICAOF', 'NO', 'ONE');
  await primary.cli('REPLICAOF', replica.host, String(replica.port));
  await primary.cli('CLIENT', 'UNPAUSE');
  [primary, replica] = [replica, primary];
}

describe.each(libraries)('%s', (name, Library) => {
  function connect(options: Record<string, unknown> = {}): Client {
    return new Library({ host: primary.host, port: primary.port, Connector: segueConnector(), ...options });
  }

  it('goes on through switches without an error', async () => {
    const client = connect();
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    const list = `list:${name}`;
    let running = true;
    let next = 0;
    const loops = Array.from({ length: 8 }, async () => {
      while (running) await client.rpush(list, String(next++));
    });
    for (let round = 1; round <= 4; round++) {
      const before = next;
      await switchOver();
      await waitFor(() => next > before + 100, { deadlineMs: 5_000, what: 'writes after the switch' });
    }
    running = false;
    await Promise.all(loops);
    expect(errors).toEqual([]);
    const entries = await client.lrange(list, 0, -1);
    expect(entries.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, i) => i));
    client.disconnect();
  });
});
