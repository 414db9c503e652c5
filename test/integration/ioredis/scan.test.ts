import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../src/lab/servers/index.js';
import { type Client, libraries } from './clients.js';
import { SwitchedPair } from './lab.js';

/** SEGUE_SCAN_ROUNDS=100 and SEGUE_SCAN_VERSIONS=valkey-9.1,valkey-8.0 look longer. */
const rounds = Number(process.env.SEGUE_SCAN_ROUNDS ?? 2);
const versions = (process.env.SEGUE_SCAN_VERSIONS ?? 'redis-7.0,valkey-9.1').split(',') as ['valkey-9.1'];

const ELEMENTS = 100_000;
const BATCH = 5_000;
const FILL = `for i = 1, ${ELEMENTS} do
  redis.call('SET', 'key:' .. i, '')
  if i % 2 == 0 then
    redis.call('SADD', 's', 'e:' .. i)
    redis.call('HSET', 'h', 'e:' .. i, '')
    redis.call('ZADD', 'z', i, 'e:' .. i)
  end
end`;

type Step = (client: Client, cursor: string) => Promise<[cursor: string, found: string[]]>;

const iterations: readonly (readonly [name: string, expected: number, step: Step])[] = [
  ['SCAN', ELEMENTS, (client, cursor) => client.scan(cursor, 'MATCH', 'key:*', 'COUNT', BATCH)],
  ['SSCAN', ELEMENTS / 2, (client, cursor) => client.sscan('s', cursor, 'COUNT', BATCH)],
  ['HSCAN', ELEMENTS / 2, async (client, cursor) => evens(await client.hscan('h', cursor, 'COUNT', BATCH))],
  ['ZSCAN', ELEMENTS / 2, async (client, cursor) => evens(await client.zscan('z', cursor, 'COUNT', BATCH))],
];

function evens([cursor, found]: [string, string[]]): [string, string[]] {
  return [cursor, found.filter((_, index) => index % 2 === 0)];
}

/** Goes through all there is with one client after the other; `meanwhile` runs once, behind the batch with that number. */
async function iterate(clients: readonly Client[], step: Step, at: number, meanwhile: () => Promise<void>) {
  const found = new Set<string>();
  let batches = 0;
  let cursor = '0';
  do {
    const [next, elements] = await step(clients[batches % clients.length]!, cursor);
    for (const element of elements) found.add(element);
    cursor = next;
    if (++batches === at) await meanwhile();
    // Twice through, and what a batch too many costs.
    if (batches > 4 * (ELEMENTS / BATCH)) throw new Error(`no end after ${batches} batches`);
  } while (cursor !== '0');
  return { found: found.size, batches };
}

describe.each(versions)('iterations on %s', (version) => {
  let pair: SwitchedPair;
  beforeAll(async () => {
    pair = await SwitchedPair.start({ version });
    await pair.primary.cli('EVAL', FILL, '0');
  });
  afterEach(() => pair.disconnectAll());
  afterAll(() => pair?.stop());

  const library = libraries[1]![1];

  it(
    `no key of ${ELEMENTS} is missed, ${rounds} switches after a random batch`,
    async () => {
      const clients = [pair.client(library), pair.client(library)];
      for (let round = 0; round < rounds; round++) {
        const at = 1 + Math.floor((Math.random() * ELEMENTS) / BATCH / 2);
        const [, expected, step] = iterations[0]!;
        const { found } = await iterate(clients, step, at, () => pair.switchOver());
        expect(`${found} after a switch behind batch ${at}`).toBe(`${expected} after a switch behind batch ${at}`);
      }
      expect(pair.errors).toEqual([]);
    },
    30_000 + 3_000 * rounds,
  );

  it.each(iterations.slice(1))('%s misses none of %i elements', async (_name, expected, step) => {
    const clients = [pair.client(library), pair.client(library)];
    const { found } = await iterate(clients, step, 4, () => pair.switchOver());
    expect(found).toBe(expected);
  });

  it('SCAN without Segue misses keys: the test would see it', async () => {
    const [, expected, step] = iterations[0]!;
    const { primary, replica } = pair;
    const plain = [primary, replica].map(({ host, port }) => pair.keep(new library({ host, port })));
    let at = 0;
    const half: Step = (_, cursor) => step(plain[at]!, cursor);
    const { found } = await iterate(plain, half, 6, async () => {
      at = 1;
    });
    expect(found).toBeLessThan(expected);
  });

  it('a server that is given a stamped cursor by others goes on where it belongs', async () => {
    const client = pair.client(library);
    const { host, port } = pair.primary;
    const plain = pair.keep(new library({ host, port }));
    for (const [name, expected, step] of iterations) {
      const { found } = await iterate([client, plain], step, 0, async () => {});
      expect(`${name}: ${found}`).toBe(`${name}: ${expected}`);
    }
  });

  it('the same node, restarted: a process of its own, so the iteration starts again', async () => {
    const client = pair.client(library);
    const [, expected, step] = iterations[0]!;
    const { found, batches } = await iterate([client], step, 7, async () => {
      await pair.primary.restart({ replicaOf: null });
      await waitFor(() => client.ping(), { deadlineMs: 10_000, what: 'the same node' });
      const { host, port } = pair.primary;
      await pair.replica.follow({ host, port });
      await waitFor(() => pair.replica.info('replication'), {
        deadlineMs: 10_000,
        what: 'the replica to be in step',
        until: (info) => info.master_link_status === 'up',
      });
    });
    expect(found).toBe(expected);
    expect(batches).toBeGreaterThan(ELEMENTS / BATCH + 5);
  });

  it('a crash: the iteration goes on at the node that was promoted, from the start', async () => {
    const client = pair.client(library);
    const [, expected, step] = iterations[0]!;
    const { found, batches } = await iterate([client], step, 7, async () => {
      const { primary, replica } = pair;
      await primary.kill();
      await replica.cli('REPLICAOF', 'NO', 'ONE');
      await waitFor(() => client.ping(), { deadlineMs: 10_000, what: 'the new primary' });
    });
    expect(found).toBe(expected);
    expect(batches).toBeGreaterThan(ELEMENTS / BATCH + 5);
  });
});
