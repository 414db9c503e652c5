import type { ServerVersion } from '../../src/lab/servers/index.js';
import type { Cell } from './cells.js';
import { processorTimeUs } from './processor-time.js';
import { benchmark, type Measured } from './valkey-benchmark.js';

/** A way to the server. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Of what stands between; undefined: nothing does. */
  readonly pid?: number;
}

export interface Sample extends Measured {
  /** Processor time per command, in microseconds: of what stands between, and of the server. */
  readonly ownUs: number;
  readonly serverUs: number;
}

export interface ContestOptions {
  readonly version: ServerVersion;
  readonly serverPid: number;
  readonly rounds: number;
  /** About how long each SET and each GET test takes. */
  readonly ms: number;
  readonly signal: AbortSignal;
  readonly onRound?: (round: number) => void;
}

const CALIBRATION_COMMANDS = 2_000;
/** A test shorter than this many rounds of all that may be in flight would measure its beginning and its end. */
const TIMES_IN_FLIGHT = 3;

/** Samples by contender, one of each for each round; who goes first takes turns, so that a slower machine favours nobody. */
export async function compete(
  contenders: readonly Contender[],
  cell: Cell,
  options: ContestOptions,
): Promise<Map<string, Sample[]>> {
  const commandsMin = Math.max(CALIBRATION_COMMANDS, cell.clients * cell.pipeline * TIMES_IN_FLIGHT);
  const commands = new Map<string, number>();
  const samples = new Map<string, Sample[]>();
  for (const contender of contenders) {
    const { rate } = await measure(contender, cell, commandsMin, options);
    commands.set(contender.name, Math.max(commandsMin, Math.round((rate * options.ms) / 1000)));
    samples.set(contender.name, []);
  }
  for (let round = 0; round < options.rounds; round++) {
    options.onRound?.(round);
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length]!;
      const { name } = contender;
      samples.get(name)!.push(await measure(contender, cell, commands.get(name)!, options));
    }
  }
  return samples;
}

async function measure(contender: Contender, cell: Cell, commands: number, options: ContestOptions): Promise<Sample> {
  const times = (): [own: number, server: number] => [
    contender.pid === undefined ? 0 : processorTimeUs(contender.pid),
    processorTimeUs(options.serverPid),
  ];
  options.signal.throwIfAborted();
  const [own, server] = times();
  const measured = await benchmark(options.version, contender.port, cell, commands, options.signal);
  const [ownThen, serverThen] = times();
  const each = (us: number): number => us / measured.commands;
  return { ...measured, ownUs: each(ownThen - own), serverUs: each(serverThen - server) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
