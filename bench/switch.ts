/**
 * How long nobody can write at a switch, as a client sees it, under 20,000 writes a second: Segue's switch beside the
 * servers' own FAILOVER on the same pair, and CLUSTER FAILOVER on a cluster of one shard of the same version. One run,
 * interleaved; only the contender whose turn it is is under load.
 *
 * The gap is the longest time between two acknowledged writes of one connection that writes as fast as it can, of those that
 * touch the time from the order that makes clients wait until the last of them is let go. All writes, its and the load's,
 * are compared with the data. The row "nothing" is the same without a switch, for 20 ms: what this machine does by itself.
 *
 * The load and the connection that is measured are two threads, each on a core of its own where the system can do that: left
 * to itself it puts both on one now and then, where each waits for the other, and medians swing by a third.
 */
import { mergeVerdicts, type Verdict } from '../src/lab/load/index.js';
import {
  isServerVersion,
  type LabServer,
  type ServerVersion,
  serverVersions,
  startPair,
} from '../src/lab/servers/index.js';
import { type EpochSpan, Switcher } from '../src/lab/threads/switcher.js';
import { Thread } from '../src/lab/threads/thread.js';
import { waitFor } from '../src/lab/wait-for.js';
import { startCluster } from './kit/cluster.js';
import { readFlags, runProgramUntilSignal, UsageError, wholeNumber } from './kit/command-line.js';
import { NOT_PINNED } from './kit/pin.js';
import type { TrafficOptions } from './kit/traffic.js';
import type { TrafficService } from './kit/traffic-thread.js';

const help = `npm run bench:switch -- [options]

  --switches <number>  by Segue, of each kind; default 40
  --others <number>    by the servers themselves, of each kind; default as many, at most 50
  --version <list>     of the servers, with commas between; default ${serverVersions.join(',')}
  --no-pin             load and measured connection share the cores as they like
  --help

Each row is one way to switch. A gap is the longest time between two acknowledged writes of one connection that writes as fast
as it can, in the time in which clients may have had to wait; "nothing" is this machine without a switch.`;

const deadlineMs = 30_000;
const settleMs = 250;
/** Before the first switch: an application has run for a while when it meets one, and its code is compiled. */
const warmUpMs = 3_000;
const nothingMs = 20;
/** Between two comparisons with the data, which has to fit into memory. */
const switchesPerAccount = 20;
const load = { connections: 10, batch: 10, everyMs: 5 };
const probe = { connections: 1, batch: 1, everyMs: 0 };

type Client = TrafficOptions['client'];
/** Makes `to` the primary; resolves, when `from` follows it, with the time in which clients may have had to wait. */
type Method = (from: LabServer, to: LabServer, into: Tally) => Promise<EpochSpan>;

/** Two nodes and those who write to them. */
class Arena {
  private readonly load: Thread<TrafficService>;
  private readonly probe: Thread<TrafficService>;
  private readonly verdicts: Verdict[] = [];
  /** The load's writes right before the switches, and the time that they took. */
  private readonly quiet = { writes: 0, ms: 0 };

  constructor(
    /** The primary first. */
    private readonly nodes: [LabServer, LabServer],
    readonly client: Client,
  ) {
    this.load = this.traffic('load', load);
    this.probe = this.traffic('probe', probe);
  }

  private traffic(name: string, shape: typeof load): Thread<TrafficService> {
    const nodes = this.nodes.map(({ host, port }) => ({ host, port }));
    const options: TrafficOptions = { name, client: this.client, nodes, ...shape };
    return new Thread<TrafficService>(new URL('./kit/traffic-thread.js', import.meta.url), options);
  }

  /** Resolves with whether the two threads of clients have a core each. */
  async pin(): Promise<boolean> {
    const pinned = await Promise.all([this.load.call('pin', 0), this.probe.call('pin', 1)]);
    return pinned.every(Boolean);
  }

  async warmUp(): Promise<void> {
    await Promise.all([this.load.call('resume'), this.probe.call('resume')]);
    await rest(warmUpMs);
    await Promise.all([this.load.call('pause'), this.probe.call('pause')]);
  }

  async measure(method: Method, into: Tally): Promise<void> {
    await Promise.all([this.load.call('resume'), this.probe.call('resume')]);
    await rest(settleMs / 2);
    await this.countQuietly();
    const [from, to] = this.nodes;
    const before = await syncsOf(to);
    await this.probe.call('open');
    const gapMs = await this.probe.call('close', await method(from, to, into));
    into.gapsMs.push(gapMs);
    if (method !== nothing) {
      this.nodes.reverse();
      const after = await syncsOf(to);
      if (after.full > before.full || after.partial <= before.partial) into.fullResyncs += 1;
    }
    await Promise.all([this.load.call('pause'), this.probe.call('pause')]);
  }

  /** What the load comes to while nothing happens: a method that stalls it for long would make it look small. */
  private async countQuietly(): Promise<void> {
    const beganAt = performance.now();
    const before = await this.load.call('counts');
    await rest(settleMs);
    const after = await this.load.call('counts');
    this.quiet.writes += after.writes - before.writes;
    this.quiet.ms += performance.now() - beganAt;
  }

  /** Compares everything that was written since the last time. */
  async settle(): Promise<void> {
    const { host, port } = this.nodes[0];
    for (const side of [this.load, this.probe]) this.verdicts.push(await side.call('settle', { host, port }));
  }

  async account(): Promise<string> {
    const [background, own] = await Promise.all([this.load.call('counts'), this.probe.call('counts')]);
    const { lost, doubled, reordered, ghosts, misanswered, unsettled, notes } = mergeVerdicts(this.verdicts);
    const rate = Math.round((this.quiet.writes / this.quiet.ms) * 1000);
    const errors = background.errors + own.errors;
    const wrong = ghosts + misanswered + unsettled;
    const examples = [...background.examples, ...own.examples, ...notes].slice(0, 5).map((text) => `\n    ${text}`);
    return [
      `  ${this.client} clients: ${rate} writes/s and a probe; ${background.writes + own.writes} writes, `,
      `${errors} errors, ${lost} lost, ${doubled} doubled, ${reordered} reordered, ${wrong} otherwise wrong`,
      ...examples,
    ].join('');
  }

  async end(): Promise<void> {
    await Promise.all([this.load.terminate(), this.probe.terminate()]);
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

interface Tally {
  readonly name: string;
  readonly gapsMs: number[];
  fullResyncs: number;
  /** Of Segue's switch. */
  readonly stepsMs: Map<string, number[]>;
}

interface Contender {
  readonly arena: Arena;
  readonly method: Method;
  readonly switches: number;
  readonly tally: Tally;
}

const nothing: Method = () => timed(() => rest(nothingMs));

const failover: Method = (from, to) =>
  timed(async () => {
    await from.cli('FAILOVER', 'TO', to.host, to.port, 'TIMEOUT', deadlineMs);
    await follows(from, to);
  });

const clusterFailover: Method = (from, to) =>
  timed(async () => {
    await to.cli('CLUSTER', 'FAILOVER');
    await follows(from, to);
  });

async function timed(work: () => Promise<void>): Promise<EpochSpan> {
  const now = (): number => performance.timeOrigin + performance.now();
  const fromMs = now();
  await work();
  return { fromMs, toMs: now() };
}

async function follows(from: LabServer, to: LabServer): Promise<void> {
  const look = async (): Promise<boolean> => {
    const { role, master_port: port, master_link_status: link } = await from.info('replication');
    return role === 'slave' && Number(port) === to.port && link === 'up';
  };
  await waitFor(look, { deadlineMs, what: `${from.address} to follow ${to.address}` });
}

async function syncsOf(node: LabServer): Promise<{ full: number; partial: number }> {
  const { sync_full: full, sync_partial_ok: partial } = await node.info('stats');
  return { full: Number(full), partial: Number(partial) };
}

interface Extent {
  readonly switches: number;
  readonly others: number;
  readonly pins: boolean;
}

async function compare(version: ServerVersion, { switches, others, pins }: Extent, signal: AbortSignal): Promise<void> {
  const switcher = new Switcher();
  const by =
    (notice: boolean): Method =>
    async (from, to, { stepsMs }) => {
      const [url, target] = [`valkey://${from.address}`, `valkey://${to.address}`];
      const { report, span } = await switcher.switch({ from: url, to: target, notice });
      for (const { name, durationMs } of report.steps) stepsMs.set(name, [...(stepsMs.get(name) ?? []), durationMs]);
      return span;
    };
  const arenas: Arena[] = [];
  const enter = (nodes: readonly LabServer[], client: Client): Arena => {
    arenas.push(new Arena([nodes[0]!, nodes[1]!], client));
    return arenas.at(-1)!;
  };
  const contender = (name: string, arena: Arena, method: Method, count: number): Contender => {
    return { arena, method, switches: count, tally: { name, gapsMs: [], fullResyncs: 0, stepsMs: new Map() } };
  };
  try {
    const pair = enter((await startPair({ version })).nodes, 'segue');
    const contenders = [
      contender('nothing, Segue clients', pair, nothing, others),
      contender('Segue switch, Segue clients', pair, by(true), switches),
      contender('… without notices', pair, by(false), others),
      contender('FAILOVER, Segue clients', pair, failover, others),
    ];
    if (version.startsWith('valkey')) {
      const plain = enter((await startPair({ version })).nodes, 'redirect');
      contenders.push(
        contender('Segue switch, REDIRECT clients', plain, by(true), switches),
        contender('FAILOVER, REDIRECT clients', plain, failover, others),
      );
    }
    const cluster = enter(await startCluster(version), 'moved');
    contenders.push(contender('CLUSTER FAILOVER, MOVED clients', cluster, clusterFailover, others));
    const pinned = pins && (await Promise.all(arenas.map((arena) => arena.pin()))).every(Boolean);
    for (const arena of arenas) await arena.warmUp();
    await inTurn(version, contenders, arenas, signal);
    const places = pinned ? 'load on core 0, measured connection on core 1' : pins ? NOT_PINNED : 'not pinned';
    const wanted = load.connections * load.batch * (1000 / load.everyMs);
    console.log(`\n${version}, ${wanted} writes/s wanted; ${places}\n${head}`);
    for (const { tally } of contenders) console.log(row(tally));
    for (const { tally } of contenders) if (tally.stepsMs.size > 0) console.log(stepsLine(tally));
    for (const arena of arenas) console.log(await arena.account());
  } finally {
    await Promise.all([switcher.close(), ...arenas.map((arena) => arena.end())]);
  }
}

/** When it is aborted, the tables show what there is. */
async function inTurn(
  version: ServerVersion,
  contenders: readonly Contender[],
  arenas: readonly Arena[],
  signal: AbortSignal,
): Promise<void> {
  const rounds = Math.max(...contenders.map(({ switches }) => switches));
  for (let round = 1; round <= rounds && !signal.aborted; round++) {
    // Those with fewer switches are spread over the whole time.
    for (const { arena, method, switches, tally } of contenders) {
      if (Math.floor((round * switches) / rounds) > tally.gapsMs.length) await arena.measure(method, tally);
    }
    if (round % switchesPerAccount !== 0 && round < rounds && !signal.aborted) continue;
    for (const arena of arenas) await arena.settle();
    console.error(`${version}: round ${round} of ${rounds}`);
  }
}

const head = `  ${'gap between two writes'.padEnd(34)} switches   median      p99      max   resyncs`;

function row({ name, gapsMs, fullResyncs }: Tally): string {
  const cells = [0.5, 0.99, 1].map((part) => `${at(gapsMs, part).toFixed(1).padStart(6)} ms`);
  const resyncs = fullResyncs === 0 ? 'all partial' : `${fullResyncs} full`;
  return `  ${name.padEnd(34)} ${String(gapsMs.length).padStart(8)} ${cells.join('')}   ${resyncs}`;
}

/** Where the time went. */
function stepsLine({ name, stepsMs }: Tally): string {
  const steps = [...stepsMs].map(([step, durations]) => `${step} ${at(durations, 0.5).toFixed(1)}`);
  return `  steps of "${name}", median ms: ${steps.join(', ')}`;
}

function at(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(signal: AbortSignal): Promise<void> {
  const flags = readFlags({ switches: 'value', others: 'value', version: 'value', 'no-pin': 'flag', help: 'flag' });
  if (flags.help) {
    console.log(help);
    return;
  }
  const switches = wholeNumber('switches', flags.switches, 40);
  const others = wholeNumber('others', flags.others, Math.min(switches, 50), 0);
  for (const version of versionsOf(flags.version)) {
    if (!signal.aborted) await compare(version, { switches, others, pins: !flags['no-pin'] }, signal);
  }
}

function versionsOf(list: string | undefined): readonly ServerVersion[] {
  if (list === undefined) return serverVersions;
  return list.split(',').map((name) => {
    if (isServerVersion(name)) return name;
    throw new UsageError(`--version names some of ${serverVersions.join(', ')}, not ${JSON.stringify(name)}`);
  });
}

await runProgramUntilSignal(main);
