/**
 * ioredis with the connector against plain ioredis, in one process and one run, interleaved.
 *
 *   npm run bench                      all rows, medians of 7 rounds
 *   npm run bench -- --rounds 3 --library ioredis5
 */
import { parseArgs } from 'node:util';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { Redis as Valkey } from 'iovalkey';
import { segueConnector } from '../src/doors/ioredis/index.js';
import { startPair } from '../src/lab/servers/index.js';

type Client = Redis6;
type Library = new (options: Record<string, unknown>) => Client;

const LIBRARIES: Record<string, Library> = {
  ioredis6: Redis6 as unknown as Library,
  ioredis5: Redis5 as unknown as Library,
  iovalkey: Valkey as unknown as Library,
};

/** One kind of work: runs until `untilMs` (performance.now) and resolves with the commands done. */
type Work = (client: Client, untilMs: number) => Promise<number>;

interface Row {
  readonly name: string;
  /** The ratio below which the promise of the issue is broken. */
  readonly atLeast: number;
  readonly work: Work;
}

const SMALL = 'abc';
const LARGE = 'x'.repeat(16 * 1024);

function loops(count: number, value: string): Work {
  return async (client, untilMs) => {
    let done = 0;
    const loop = async (id: number) => {
      for (let i = id; performance.now() < untilMs; i++) {
        if (i % 2 === 0) await client.set(`key:${id}`, value);
        else await client.get(`key:${id}`);
        done++;
      }
    };
    await Promise.all(Array.from({ length: count }, (_, id) => loop(id)));
    return done;
  };
}

function pipelines(size: number): Work {
  return async (client, untilMs) => {
    let done = 0;
    while (performance.now() < untilMs) {
      const pipeline = client.pipeline();
      for (let i = 0; i < size; i++) pipeline.set(`key:${i}`, SMALL);
      await pipeline.exec();
      done += size;
    }
    return done;
  };
}

const ROWS: readonly Row[] = [
  { name: '1 loop', atLeast: 0.95, work: loops(1, SMALL) },
  { name: '10 loops', atLeast: 0.95, work: loops(10, SMALL) },
  { name: '100 loops', atLeast: 2.3, work: loops(100, SMALL) },
  { name: '1000 loops', atLeast: 3, work: loops(1000, SMALL) },
  { name: 'pipelines of 100', atLeast: 0.95, work: pipelines(100) },
  { name: '16 KB, 10 loops', atLeast: 0.95, work: loops(10, LARGE) },
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

interface Sample {
  /** Thousand commands a second. */
  readonly rate: number;
  /** Processor time of this process per command, microseconds. Steadier than the rate on a busy machine. */
  readonly cpuUs: number;
}

async function measure(work: Work, client: Client, ms: number): Promise<Sample> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const done = await work(client, begin + ms);
  const rate = done / (performance.now() - begin);
  const { user, system } = process.cpuUsage(cpu);
  return { rate, cpuUs: (user + system) / done };
}

/** Medians of the rounds; the ratios are taken round by round. */
async function compare(row: Row, plain: Client, segue: Client, rounds: number, ms: number) {
  const samples: { plain: Sample; segue: Sample }[] = [];
  await measure(row.work, plain, ms / 2);
  await measure(row.work, segue, ms / 2);
  for (let round = 0; round < rounds; round++) {
    // Who goes first takes turns, so that a machine that slows down favours neither.
    const segueFirst = round % 2 === 1;
    const first = await measure(row.work, segueFirst ? segue : plain, ms);
    const second = await measure(row.work, segueFirst ? plain : segue, ms);
    samples.push(segueFirst ? { plain: second, segue: first } : { plain: first, segue: second });
  }
  const middle = (of: (sample: (typeof samples)[number]) => number) => median(samples.map(of));
  return {
    plain: middle(({ plain }) => plain.rate),
    segue: middle(({ segue }) => segue.rate),
    ratio: middle(({ plain, segue }) => segue.rate / plain.rate),
    cpuPlain: middle(({ plain }) => plain.cpuUs),
    cpuSegue: middle(({ segue }) => segue.cpuUs),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      ms: { type: 'string', default: '600' },
      library: { type: 'string', default: 'ioredis6' },
      version: { type: 'string', default: 'valkey-9.1' },
    },
  });
  const library = LIBRARIES[values.library];
  if (library === undefined) throw new Error(`no library "${values.library}": ${Object.keys(LIBRARIES).join(', ')}`);
  const pair = await startPair({ version: values.version as 'valkey-9.1' });
  const place = { host: pair.primary.host, port: pair.primary.port };
  const plain = new library(place);
  const segue = new library({ ...place, Connector: segueConnector() });
  try {
    console.log(
      `${values.library} on ${values.version}, medians of ${values.rounds} rounds, thousand commands a second`,
    );
    console.log('row                   plain   segue   ratio    goal   CPU µs per command: plain, segue');
    for (const row of ROWS) {
      const result = await compare(row, plain, segue, Number(values.rounds), Number(values.ms));
      const { plain: plainRate, segue: segueRate, ratio, cpuPlain, cpuSegue } = result;
      const numbers = [plainRate, segueRate, ratio, row.atLeast, cpuPlain, cpuSegue];
      const cells = numbers.map((value, index) => value.toFixed(index < 2 ? 1 : 2).padStart(8));
      console.log(`${row.name.padEnd(18)}${cells.join('')}${ratio < row.atLeast ? '  below the goal' : ''}`);
    }
  } finally {
    plain.disconnect();
    segue.disconnect();
    await pair.stop();
  }
}

await main();
