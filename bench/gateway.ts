/**
 * The gateway (one connection upstream for each client) against no gateway, with valkey-benchmark. One run, interleaved,
 * medians. Nothing is pinned: server, clients and gateway fight for the cores, as they would. CPU per command is that of
 * the gateway's process and the steadier number.
 *
 *   npm run bench -- gateway                        a few cells, 3 rounds
 *   npm run bench -- gateway --all --rounds 5 --ms 500
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isServerVersion, startServer } from '../src/lab/servers/index.js';
import type { GatewayNews } from './kit/gateway-process.js';
import { benchmark, type Cell, type Measured } from './kit/valkey-benchmark.js';

const FEW: readonly Cell[] = [
  { clients: 1, pipeline: 1, bytes: 3 },
  { clients: 50, pipeline: 1, bytes: 3 },
  { clients: 50, pipeline: 16, bytes: 3 },
  { clients: 200, pipeline: 1, bytes: 3 },
  { clients: 50, pipeline: 16, bytes: 1024 },
  { clients: 50, pipeline: 1, bytes: 16 * 1024 },
];
const ALL: readonly Cell[] = [3, 1024, 16 * 1024].flatMap((bytes) =>
  [1, 16, 100].flatMap((pipeline) => [1, 10, 50, 200].map((clients) => ({ clients, pipeline, bytes }))),
);
const CALIBRATION_COMMANDS = 2_000;

interface Contender {
  readonly name: string;
  readonly port: number;
  /** Processor time of what stands between, so far. */
  cpuUs(): Promise<number>;
}

interface Sample extends Measured {
  readonly cpuUs: number;
}

class GatewayProcess implements Contender {
  readonly name = 'gateway';

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static async start(url: string): Promise<GatewayProcess> {
    const child = fork(fileURLToPath(new URL('./kit/gateway-process.js', import.meta.url)), [url]);
    const [news] = (await once(child, 'message')) as [GatewayNews];
    if (!('port' in news)) throw new Error('the gateway did not start');
    return new GatewayProcess(child, news.port);
  }

  async cpuUs(): Promise<number> {
    this.child.send('cpu');
    const [news] = (await once(this.child, 'message')) as [GatewayNews];
    return 'cpuUs' in news ? news.cpuUs : Number.NaN;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      version: { type: 'string', default: 'valkey-9.1' },
      rounds: { type: 'string', default: '3' },
      ms: { type: 'string', default: '400' },
      all: { type: 'boolean', default: false },
    },
  });
  const { version } = values;
  if (!isServerVersion(version)) throw new Error(`no such version: ${version}`);
  const server = await startServer({ version });
  const gateway = await GatewayProcess.start(`valkey://${server.address}`);
  const direct: Contender = { name: 'direct', port: server.port, cpuUs: async () => 0 };
  try {
    console.log(
      'value    P    c   direct k/s  gateway k/s   ratio   p50 ms: direct gateway   p99 ms: direct gateway   CPU µs per command',
    );
    for (const cell of values.all ? ALL : FEW) {
      const samples = new Map<string, Sample[]>();
      const measure = async (contender: Contender, commands: number): Promise<Sample> => {
        const before = await contender.cpuUs();
        const measured = await benchmark(version, contender.port, cell, commands);
        return { ...measured, cpuUs: ((await contender.cpuUs()) - before) / measured.commands };
      };
      const { rate } = await measure(gateway, CALIBRATION_COMMANDS);
      const commands = Math.max(CALIBRATION_COMMANDS, Math.round((rate * Number(values.ms)) / 1000));
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const contender of round % 2 === 0 ? [direct, gateway] : [gateway, direct]) {
          const sample = await measure(contender, commands);
          samples.set(contender.name, [...(samples.get(contender.name) ?? []), sample]);
        }
      }
      console.log(line(cell, samples.get('direct')!, samples.get('gateway')!));
    }
  } finally {
    gateway.child.disconnect();
    await server.stop();
  }
}

function line({ clients, pipeline, bytes }: Cell, direct: readonly Sample[], gateway: readonly Sample[]): string {
  const middle = (samples: readonly Sample[], of: (sample: Sample) => number): number => median(samples.map(of));
  const cell = (value: number, digits: number, width: number): string => value.toFixed(digits).padStart(width);
  const rate = (samples: readonly Sample[]): number => middle(samples, (sample) => sample.rate / 1000);
  const ratios = gateway.map((sample, round) => sample.rate / direct[round]!.rate);
  const size = bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KB`;
  return [
    size.padEnd(6),
    String(pipeline).padStart(4),
    String(clients).padStart(5),
    cell(rate(direct), 1, 13),
    cell(rate(gateway), 1, 13),
    cell(median(ratios), 2, 8),
    cell(
      middle(direct, (sample) => sample.p50Ms),
      3,
      17,
    ),
    cell(
      middle(gateway, (sample) => sample.p50Ms),
      3,
      8,
    ),
    cell(
      middle(direct, (sample) => sample.p99Ms),
      3,
      17,
    ),
    cell(
      middle(gateway, (sample) => sample.p99Ms),
      3,
      8,
    ),
    cell(
      middle(gateway, (sample) => sample.cpuUs),
      2,
      21,
    ),
  ].join('');
}

await main();
