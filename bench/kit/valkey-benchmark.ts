import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTool, type ServerVersion } from '../../src/lab/servers/index.js';
import type { Cell } from './cells.js';

const run = promisify(execFile);

export interface Measured {
  /** Commands a second: geometric mean of SET and GET. */
  readonly rate: number;
  /** Milliseconds: the worse of SET and GET. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of both together. */
  readonly commands: number;
}

/** valkey-benchmark against one port: `commands` SETs, then as many GETs. Rejects when it says nothing, or at `signal`. */
export async function benchmark(
  version: ServerVersion,
  port: number,
  { clients, pipeline, bytes }: Cell,
  commands: number,
  signal: AbortSignal,
): Promise<Measured> {
  const [program, ...before] = await findTool(version, 'benchmark');
  const flags = { '-p': port, '-c': clients, '-P': pipeline, '-d': bytes, '-n': commands, '-r': 1000 };
  const args = Object.entries(flags).flatMap(([name, value]) => [name, String(value)]);
  const { stdout } = await run(program!, [...before, ...args, '-t', 'set,get', '--csv'], { signal });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((field) => field.replaceAll('"', '')));
  const [header, ...tests] = rows;
  const column = (name: string): number[] => tests.map((row) => Number(row[header!.indexOf(name)]));
  const rates = column('rps');
  if (rates.length !== 2 || rates.some((rate) => !(rate > 0))) throw new Error(`valkey-benchmark said: ${stdout}`);
  return {
    rate: Math.sqrt(rates[0]! * rates[1]!),
    p50Ms: Math.max(...column('p50_latency_ms')),
    p99Ms: Math.max(...column('p99_latency_ms')),
    commands: commands * 2,
  };
}
