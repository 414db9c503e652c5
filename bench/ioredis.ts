/**
 * ioredis with the connector against plain ioredis, and against the ceiling: ioredis over a bare socket that joins what one
 * tick writes. In one process and one run, interleaved. The servers run on core 0 and this process on core 1 where the
 * system can pin them: that is how the goals were measured, and without it the rows of few loops swing by a third.
 *
 *   npm run bench                      all rows, medians of 7 rounds
 *   npm run bench -- --rounds 3 --library ioredis5 --no-pin
 */
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { Redis as Valkey } from 'iovalkey';
import { segueConnector } from '../src/doors/ioredis/index.js';
import { serverVersions, startPair } from '../src/lab/servers/index.js';
import { CeilingConnector } from './kit/ceiling.js';
import { oneOf, readFlags, runProgramUntilSignal, wholeNumber } from './kit/command-line.js';
import { median } from './kit/contest.js';
import { pinApart } from './kit/pin.js';

type Client = Redis6;
type Library = new (options: Record<string, unknown>) => Client;

const LIBRARIES = {
  ioredis6: Redis6 as unknown as Library,
  ioredis5: Redis5 as unknown as Library,
  iovalkey: Valkey as unknown as Library,
};
const LIBRARY_NAMES = Object.keys(LIBRARIES) as (keyof typeof LIBRARIES)[];

const help = `npm run bench -- [options]

  --rounds <number>   medians of so many; default 7
  --ms <number>       of each row, client and round; default 600
  --library <name>    ${LIBRARY_NAMES.join(', ')}; default ioredis6
  --version <name>    of the servers: ${serverVersions.join(', ')}; default valkey-9.1
  --no-pin            servers and clients share the cores
  --help

Other benchmarks: npm run bench -- scanner, npm run bench:switch, npm run bench:gateway, npm run soak:gateway.`;

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

const SIDES = ['plain', 'segue', 'ceiling'] as const;
type Side = (typeof SIDES)[number];
type BySide<T> = Readonly<Record<Side, T>>;

/** One sample of each side for each round. Who goes first takes turns, so that a machine that slows down favours nobody. */
async function compare(work: Work, clients: BySide<Client>, rounds: number, ms: number): Promise<BySide<Sample>[]> {
  const samples: BySide<Sample>[] = [];
  for (const side of SIDES) await measure(work, clients[side], ms / 2);
  for (let round = 0; round < rounds; round++) {
    const turn = SIDES.map((_, index) => SIDES[(index + round) % SIDES.length]!);
    const sample: Partial<Record<Side, Sample>> = {};
    for (const side of turn) sample[side] = await measure(work, clients[side], ms);
    samples.push(sample as BySide<Sample>);
  }
  return samples;
}

const HEAD = [
  'row                  plain   segue ceiling   segue/plain    goal   ceiling/plain   segue/ceiling',
  '   CPU µs per command: plain, segue, ceiling',
].join('');

/** Medians of the rounds; the ratios are taken round by round. */
function line(row: Row, samples: readonly BySide<Sample>[]): string {
  const middle = (of: (sample: BySide<Sample>) => number): number => median(samples.map(of));
  const ratio = (over: Side, under: Side): number => middle((sample) => sample[over].rate / sample[under].rate);
  const cell = (value: number, digits: number, width: number): string => value.toFixed(digits).padStart(width);
  const rates = SIDES.map((side) =>
    cell(
      middle((sample) => sample[side].rate),
      1,
      8,
    ),
  ).join('');
  const costs = SIDES.map((side) =>
    cell(
      middle((sample) => sample[side].cpuUs),
      2,
      8,
    ),
  ).join('');
  const gained = ratio('segue', 'plain');
  const ratios = [
    cell(gained, 2, 14),
    cell(row.atLeast, 2, 8),
    cell(ratio('ceiling', 'plain'), 2, 16),
    cell(ratio('segue', 'ceiling'), 2, 16),
  ].join('');
  return `${row.name.padEnd(18)}${rates}${ratios}   ${costs}${gained < row.atLeast ? '  below the goal' : ''}`;
}

async function main(signal: AbortSignal): Promise<void> {
  const flags = readFlags({
    rounds: 'value',
    ms: 'value',
    library: 'value',
    version: 'value',
    'no-pin': 'flag',
    help: 'flag',
  });
  if (flags.help) return console.log(help);
  const rounds = wholeNumber('rounds', flags.rounds, 7, 1, 1000);
  const ms = wholeNumber('ms', flags.ms, 600, 10, 60_000);
  const name = oneOf('library', flags.library, LIBRARY_NAMES, 'ioredis6');
  const version = oneOf('version', flags.version, serverVersions, 'valkey-9.1');
  const library = LIBRARIES[name];
  const pair = await startPair({ version, onProgress: console.error });
  const place = { host: pair.primary.host, port: pair.primary.port };
  const pinning = flags['no-pin'] ? 'not pinned' : pinApart(pair.nodes.map(({ pid }) => pid));
  const clients: BySide<Client> = {
    plain: new library(place),
    segue: new library({ ...place, Connector: segueConnector() }),
    ceiling: new library({ ...place, Connector: CeilingConnector }),
  };
  try {
    const what = `medians of ${rounds} rounds, thousand commands a second`;
    console.log(`${name} on ${version}, ${what}; ${pinning}`);
    console.log(HEAD);
    for (const row of ROWS) {
      signal.throwIfAborted();
      const samples = await compare(row.work, clients, rounds, ms);
      console.log(line(row, samples));
    }
  } finally {
    for (const side of SIDES) clients[side].disconnect();
    await pair.stop();
  }
}

await runProgramUntilSignal(main);
