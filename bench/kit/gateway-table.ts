import { type Cell, type Goals, goalsOf, sizeName } from './cells.js';
import { median, type Sample } from './contest.js';

/** Medians of one contender's samples. */
export interface Standing {
  readonly name: string;
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly ownUs: number;
  readonly serverUs: number;
  /** The gateway's throughput divided by this one's, median of the rounds. Not of the gateway itself. */
  readonly ratio?: number;
  readonly goal?: number;
}

export interface Row {
  readonly cell: Cell;
  readonly standings: readonly Standing[];
  /** What is not as good as it should be, in words. */
  readonly below: readonly string[];
}

/** The load generator's latencies come in steps of about this. */
const LATENCY_STEP_MS = 0.008;

/** `samples` by contender, in the order in which they are to be shown; one is called `gateway`. */
export function judge(cell: Cell, samples: ReadonlyMap<string, readonly Sample[]>): Row {
  const goals = goalsOf(cell);
  const ours = samples.get('gateway')!;
  const standings = [...samples].map(([name, theirs]): Standing => {
    const middle = (of: (sample: Sample) => number): number => median(theirs.map(of));
    const goal = name in goals ? goals[name as keyof Goals] : undefined;
    return {
      name,
      rate: middle((sample) => sample.rate),
      p50Ms: middle((sample) => sample.p50Ms),
      p99Ms: middle((sample) => sample.p99Ms),
      ownUs: middle((sample) => sample.ownUs),
      serverUs: middle((sample) => sample.serverUs),
      ...(name === 'gateway' ? {} : { ratio: median(ours.map(({ rate }, round) => rate / theirs[round]!.rate)) }),
      ...(goal === undefined ? {} : { goal }),
    };
  });
  return { cell, standings, below: [...slowness(standings), ...lateness(standings)] };
}

function slowness(standings: readonly Standing[]): string[] {
  return standings.flatMap(({ name, ratio, goal }) =>
    ratio === undefined || goal === undefined || ratio >= goal
      ? []
      : [`below the goal: ${ratio.toFixed(2)} of ${name}, not ${goal.toFixed(2)}`],
  );
}

function lateness(standings: readonly Standing[]): string[] {
  const theirs = standings.find(({ name }) => name === 'HAProxy');
  return standings
    .filter((one) => isLate(one, theirs))
    .map(({ p99Ms }) => `below the goal: p99 ${p99Ms.toFixed(2)} ms, HAProxy's ${theirs!.p99Ms.toFixed(2)} ms`);
}

/** It is the gateway, and its p99 later than it should be. */
function isLate({ name, p99Ms }: Standing, haproxy: Standing | undefined): boolean {
  return name === 'gateway' && haproxy !== undefined && p99Ms > haproxy.p99Ms + LATENCY_STEP_MS;
}

export const tableHead = [
  'value     P    c  way           k/s  gateway ÷ it   goal    p50 ms    p99 ms   CPU µs per command',
  '                                                                              its own   server',
].join('\n');

/** One line for each contender, and what is below its goal. */
export function tableLines({ cell, standings, below }: Row): string[] {
  const { clients, pipeline, bytes } = cell;
  const where = `${sizeName(bytes).padEnd(6)} ${String(pipeline).padStart(4)} ${String(clients).padStart(4)}`;
  const lines = standings.map((one, index) =>
    [
      index === 0 ? where : ' '.repeat(where.length),
      `  ${one.name.padEnd(10)}`,
      fixed(one.rate / 1000, 1, 7),
      fixed(one.ratio, 2, 14),
      fixed(one.goal, 2, 7),
      fixed(one.p50Ms, 3, 10),
      fixed(one.p99Ms, 3, 10),
      fixed(one.name === 'direct' ? undefined : one.ownUs, 2, 10),
      fixed(one.serverUs, 2, 9),
    ].join(''),
  );
  return [...lines, ...below.map((text) => `${' '.repeat(where.length)}  ${text}`)];
}

/** For docs/performance.md. */
export function markdownTable(rows: readonly Row[]): string {
  const names = rows[0]!.standings.map(({ name }) => name);
  const others = names.filter((name) => name !== 'gateway' && name !== 'direct');
  const of = ({ standings }: Row, name: string): Standing => standings.find((one) => one.name === name)!;
  const head = [
    'value',
    'P',
    'clients',
    ...names.map((name) => `${name} k/s`),
    ...others.map((name) => `gateway ÷ ${name} (goal)`),
    `p99 ms ${names.join(' / ')}`,
    `CPU µs ${[...others, 'gateway'].join(' / ')}`,
    'server behind them',
  ];
  const line = (row: Row): string[] => [
    sizeName(row.cell.bytes),
    String(row.cell.pipeline),
    String(row.cell.clients),
    ...names.map((name) => fixed(of(row, name).rate / 1000, 1)),
    ...others.map((name) => againstGoal(of(row, name))),
    names.map((name) => marked(of(row, name).p99Ms, isLate(of(row, name), of(row, 'HAProxy')))).join(' / '),
    [...others, 'gateway'].map((name) => fixed(of(row, name).ownUs, 1)).join(' / '),
    [...others, 'gateway'].map((name) => fixed(of(row, name).serverUs, 1)).join(' / '),
  ];
  const lines = [head, head.map(() => '---'), ...rows.map(line)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function againstGoal({ ratio, goal }: Standing): string {
  if (goal === undefined) return fixed(ratio, 2);
  return `${marked(ratio, ratio === undefined || ratio < goal)} (${goal})`;
}

/** Bold where it misses its goal. */
function marked(value: number | undefined, misses: boolean): string {
  return misses ? `**${fixed(value, 2)}**` : fixed(value, 2);
}

function fixed(value: number | undefined, digits: number, width = 0): string {
  return (value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits)).padStart(width);
}
