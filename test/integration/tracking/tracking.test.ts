import { createClient } from 'redis';
import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../../../src/gateway/index.js';
import { seededRandom } from '../../../src/lab/load/random.js';
import { waitFor, waitForSync } from '../../../src/lab/servers/index.js';
import { switchPrimary } from '../../../src/switchover/index.js';
import type { Address } from '../../../src/transport/index.js';
import { libraries } from '../ioredis/clients.js';
import { SwitchedPair } from '../ioredis/lab.js';
import { CachingClient, type Tracking } from './caching-client.js';
import { PromptCache } from './prompt-cache.js';
import { Versions } from './versions.js';

/** SEGUE_TRACKING_ROUNDS=100 SEGUE_TRACKING_VERSIONS=redis-7.0,valkey-8.0,valkey-8.1,valkey-9.1 looks longer. */
const rounds = Number(process.env.SEGUE_TRACKING_ROUNDS ?? 1);
const versions = (process.env.SEGUE_TRACKING_VERSIONS ?? 'redis-7.0,valkey-9.1').split(',') as ['valkey-9.1'];
const seed = Number(process.env.SEGUE_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** One has a prefix that is tracked by all, the others are read anew by those that track by prefix. */
const KEYS = Array.from({ length: 24 }, (_, index) => `${index % 2 === 0 ? 'hot' : 'other'}:${index}`);
const READS_BETWEEN = 40;

const ways: Readonly<Record<string, Tracking>> = {
  default: { options: [] },
  noloop: { options: ['NOLOOP'] },
  optin: { options: ['OPTIN'], before: ['CLIENT', 'CACHING', 'YES'] },
  optout: { options: ['OPTOUT', 'NOLOOP'] },
  broadcast: { options: ['BCAST'] },
  prefix: { options: ['BCAST', 'PREFIX', 'hot:', 'PREFIX', 'fence:'], prefix: 'hot:' },
};

interface Reader {
  get(key: string): Promise<number>;
  fence(): Promise<boolean>;
}

let pair: SwitchedPair;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await pair?.stop();
});

/** node-redis with its own cache, through a gateway. */
async function throughGateway(): Promise<Reader> {
  const gateway = new Gateway({ nodes: [`valkey://${pair.primary.address}`], listeners: [{ listen: '127.0.0.1:0' }] });
  await gateway.start();
  closing.push(() => gateway.stop());
  const { port } = gateway.listeners[0]!.entrance.address as Address & { kind: 'tcp' };
  const client = createClient({ RESP: 3, clientSideCache: new PromptCache(), socket: { host: '127.0.0.1', port } });
  client.on('error', (error: Error) => pair.errors.push(error));
  await client.connect();
  closing.push(() => client.destroy());
  let fences = 0;
  return {
    get: async (key) => Number(await client.get(key)),
    fence: () =>
      client.set('fence:node-redis', String(++fences)).then(
        () => true,
        () => false,
      ),
  };
}

/** Readers and writers that go on until they are stopped; each step is drawn from the seed. */
class Work {
  readonly versions = new Versions();
  reads = 0;
  #running: Promise<unknown>[] = [];
  #isOver = false;

  constructor(
    private readonly readers: ReadonlyMap<string, Reader>,
    private readonly random: () => number,
  ) {}

  start(): void {
    this.#isOver = false;
    const writer = pair.client(libraries[1]![1]);
    const halves = [KEYS.slice(0, KEYS.length / 2), KEYS.slice(KEYS.length / 2)];
    this.#running = [
      ...halves.map((keys) => this.#write(writer, keys)),
      ...[...this.readers].map(([name, reader]) => this.#read(name, reader)),
    ];
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #write(writer: ReturnType<SwitchedPair['client']>, keys: readonly string[]): Promise<void> {
    while (!this.#isOver) {
      const key = keys[Math.floor(this.random() * keys.length)]!;
      const version = this.versions.begin(key);
      // Both on one connection: what a replica has confirmed, a crash does not take back.
      const [set, wait] = (await writer.pipeline().set(key, version).wait(1, 50).exec())!;
      if (set![0] === null && wait![0] === null && Number(wait![1]) >= 1) this.versions.certain(key, version);
    }
  }

  async #read(name: string, reader: Reader): Promise<void> {
    let fence: ReadonlyMap<string, number> = new Map();
    while (!this.#isOver) {
      const begun = this.versions.mark();
      if (await reader.fence()) fence = begun;
      for (let reads = 0; reads < READS_BETWEEN && !this.#isOver; reads++) {
        const key = KEYS[Math.floor(this.random() * KEYS.length)]!;
        this.versions.judge(name, key, await reader.get(key), fence);
        this.reads++;
      }
    }
  }

  /** Nobody writes: everybody is told what the primary has. */
  async compare(): Promise<void> {
    const truth = (await pair.primary.cli('MGET', ...KEYS)) as (string | null)[];
    for (const [name, reader] of this.readers) {
      expect(await reader.fence()).toBe(true);
      const told = await Promise.all(KEYS.map((key) => reader.get(key)));
      expect(`${name}: ${told}`).toBe(`${name}: ${truth.map(Number)}`);
    }
  }
}

async function change(how: 'with a notice' | 'without' | 'by a crash'): Promise<void> {
  const { primary, replica } = pair;
  if (how === 'by a crash') {
    primary.kill();
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await primary.exited;
    await primary.restart({ replicaOf: { host: replica.host, port: replica.port } });
  } else {
    const notice = how === 'with a notice';
    await switchPrimary({ from: `valkey://${primary.address}`, to: `valkey://${replica.address}`, notice });
  }
  [pair.primary, pair.replica] = [replica, primary];
  await waitForSync(pair.primary, [pair.replica]);
}

describe.each(versions)(`clients that cache, on %s (SEGUE_SEED=${seed})`, (version) => {
  it(
    'are told nothing stale behind an invalidation, whichever node is the primary',
    async () => {
      pair = await SwitchedPair.start({ version });
      const caching = new Map<string, CachingClient>();
      for (const [name, tracking] of Object.entries(ways)) {
        const client = await CachingClient.open(name, tracking, pair.primary);
        closing.push(() => client.close());
        caching.set(name, client);
      }
      const readers = new Map<string, Reader>([...caching, ['node-redis', await throughGateway()]]);
      const random = seededRandom(seed);
      const work = new Work(readers, random);
      for (let round = 0; round < rounds; round++) {
        for (const how of ['with a notice', 'without', 'by a crash'] as const) {
          work.start();
          const enough = work.reads + 500 + Math.floor(random() * 1_000);
          await waitFor(() => work.reads >= enough, { deadlineMs: 20_000, what: 'readers' });
          await change(how);
          const more = work.reads + 500;
          await waitFor(() => work.reads >= more, { deadlineMs: 20_000, what: 'readers, after the switch' });
          await work.stop();
          expect(work.versions.faults.slice(0, 5)).toEqual([]);
          await work.compare();
        }
      }
      for (const [name, { hits, resets }] of caching) {
        expect([name, hits > 10 * rounds]).toEqual([name, true]);
        expect([name, resets >= 3 * rounds]).toEqual([name, true]);
      }
    },
    60_000 + 30_000 * rounds,
  );
});
