/**
 * Ten thousand sessions at one gateway, and a switch of the pair behind it: half of them silent, two thousand subscribed,
 * five hundred in BLPOP, the rest counting now and then. Afterwards all must be with the new primary, none may have lost its
 * connection or seen an error, every message, element and increment must have come once, and the gateway must be as small as
 * before. Also: what an idle session costs the gateway, and HAProxy, in the same run.
 */
import { type LabProxy, startHaproxy } from '../src/lab/proxies/index.js';
import { LabError, type LabPair, type LabServer, serverVersions, startPair } from '../src/lab/servers/index.js';
import { Switcher } from '../src/lab/threads/switcher.js';
import { Thread } from '../src/lab/threads/thread.js';
import { waitFor } from '../src/lab/wait-for.js';
import { oneOf, readFlags, runProgramUntilSignal, UsageError, wholeNumber } from './kit/command-line.js';
import type { CrowdOptions, CrowdReport } from './kit/crowd.js';
import type { CrowdService } from './kit/crowd-thread.js';
import { GatewayChild } from './kit/gateway-child.js';
import { type Footprint, idleMemory } from './kit/idle-memory.js';
import { openFilesMax } from './kit/open-files.js';
import { processorTimeUs, residentBytes } from './kit/processor-time.js';

const help = `npm run soak:gateway -- [options]

  --sessions <number>      default 10000
  --subscribers <number>   of these; default a fifth
  --blocked <number>       of these, in BLPOP; default a twentieth
  --switches <number>      one after the other, there and back; default 1
  --version <name>         of the servers: ${serverVersions.join(', ')}; default valkey-9.1
  --no-memory              leaves out what idle sessions cost
  --only-memory            and nothing else
  --json                   one JSON object on standard output, everything else on standard error
  --help

Half of the sessions are silent, and those that are not named above count now and then. Exit code 1: a promise was broken.`;

const THREADS = 2;
const BEFORE_MS = 3_000;
const AFTER_MS = 2_000;
const LOOK_MS = 100;
const ARRIVAL_MS = 3_000;
const PATIENCE_MS = 30_000;
/** The gateway may keep this part more than it had before. */
const GROWTH_MAX = 0.1;
/** Files that a process needs apart from sessions. */
const SPARE_FILES = 200;

interface Shape {
  readonly sessions: number;
  readonly subscribers: number;
  readonly blocked: number;
  readonly idle: number;
  readonly counters: number;
}

interface Check {
  readonly what: string;
  readonly good: boolean;
  readonly seen: string;
}

interface IdleCost extends Footprint {
  readonly name: string;
  readonly sessions: number;
}

/** The pair, a gateway before it, and everybody who is to be stopped in the end. */
class Stage {
  readonly threads: Thread<CrowdService>[] = [];
  readonly switcher = new Switcher();
  gateway!: GatewayChild;
  haproxy: LabProxy | undefined;

  private constructor(readonly pair: LabPair) {}

  static async set(version: (typeof serverVersions)[number], { sessions }: Shape): Promise<Stage> {
    const args = ['--maxclients', String(2 * sessions + SPARE_FILES), '--tcp-backlog', '4096'];
    const stage = new Stage(await startPair({ version, args, onProgress: console.error }));
    try {
      const { primary, replica } = stage.pair;
      const nodes = [primary, replica].map(({ address }) => `valkey://${address}`);
      const limits = { connectionsMax: sessions + SPARE_FILES };
      const options = { nodes, listeners: [{ listen: '127.0.0.1:0', limits }] };
      stage.gateway = await GatewayChild.start(options, ['--expose-gc']);
      return stage;
    } catch (error) {
      await stage.strike();
      throw error;
    }
  }

  async strike(): Promise<void> {
    await Promise.all([...this.threads.map((thread) => thread.terminate()), this.switcher.close()]);
    await Promise.all([this.gateway?.stop(), this.haproxy?.stop()]);
    await this.pair.stop();
  }
}

// ---- what idle sessions cost --------------------------------------------------------------------------------------

async function idleCosts(stage: Stage, { sessions }: Shape): Promise<IdleCost[]> {
  const { gateway, pair } = stage;
  const look = async (): Promise<Footprint> => {
    const { rss, heapUsed, external } = await gateway.memory();
    return { resident: rss, used: heapUsed + external };
  };
  const costs: IdleCost[] = [];
  const twoEach = Math.min(sessions, Math.floor((openFilesMax() - SPARE_FILES) / 2));
  const plain = await idleMemory(gateway, sessions, ['PING'], look);
  costs.push({ name: 'gateway, after PING', ...plain });
  const listening = await idleMemory(gateway, Math.floor(twoEach / 2), ['SUBSCRIBE', 'crowd:nothing'], look);
  costs.push({ name: 'gateway, subscribed', ...listening });
  const { primary } = pair;
  const server = await idleMemory(primary, twoEach, ['PING'], async () => ({ resident: residentBytes(primary.pid) }));
  costs.push({ name: 'the server itself', ...server });
  try {
    const haproxy = await startHaproxy({ target: primary, clientsMax: twoEach, onProgress: console.error });
    stage.haproxy = haproxy;
    const between = await idleMemory(haproxy, twoEach - 1, ['PING'], async () => ({
      resident: residentBytes(haproxy.pid),
    }));
    costs.push({ name: 'HAProxy', ...between });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(`HAProxy: not run: ${error.message}`);
  }
  return costs;
}

function costLine({ name, sessions, resident, used }: IdleCost): string {
  const kb = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
  const inUse = used === undefined ? '' : `, of it in use ${kb(used)}`;
  return `  ${name.padEnd(20)} ${kb(resident).padStart(8)} of memory for each of ${sessions}${inUse}`;
}

// ---- the switch ---------------------------------------------------------------------------------------------------

async function gather(stage: Stage, shape: Shape): Promise<void> {
  const share = (number: number, at: number): number => Math.floor((number + at) / THREADS);
  for (let at = 0; at < THREADS; at++) {
    const options: CrowdOptions = {
      target: { host: stage.gateway.host, port: stage.gateway.port },
      name: `crowd:${at}`,
      idle: share(shape.idle, at),
      subscribers: share(shape.subscribers, at),
      waiters: share(shape.blocked, at),
      counters: share(shape.counters, at),
    };
    stage.threads.push(new Thread<CrowdService>(new URL('./kit/crowd-thread.js', import.meta.url), options));
  }
  await Promise.all(stage.threads.map((thread) => thread.call('connect')));
}

/** Of all threads. */
function together(reports: readonly CrowdReport[]): CrowdReport {
  const sum = (of: (report: CrowdReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const delivery = (of: (report: CrowdReport) => CrowdReport['messages']): CrowdReport['messages'] => ({
    delivered: sum((report) => of(report).delivered),
    missed: sum((report) => of(report).missed),
    outstanding: sum((report) => of(report).outstanding),
    again: sum((report) => of(report).again),
  });
  return {
    connected: sum(({ connected }) => connected),
    lost: sum(({ lost }) => lost),
    errors: sum(({ errors }) => errors),
    examples: reports.flatMap(({ examples }) => examples),
    messages: delivery(({ messages }) => messages),
    elements: delivery(({ elements }) => elements),
    commands: sum(({ commands }) => commands),
    longestMs: Math.max(...reports.map(({ longestMs }) => longestMs)),
  };
}

interface Arrival {
  /** From the order until every session was with the new primary, or until patience ended. */
  readonly ms: number;
  /** How it was when patience ended. */
  readonly stuck?: string;
  /** Processor time of the gateway meanwhile, ms. */
  readonly cpuMs: number;
}

async function switchOver(stage: Stage, from: LabServer, to: LabServer, expected: number): Promise<Arrival> {
  const url = ({ address }: LabServer): string => `valkey://${address}`;
  const beganAt = performance.now();
  const cpuUs = processorTimeUs(stage.gateway.pid);
  await stage.switcher.switch({ from: url(from), to: url(to) });
  let moves = await stage.gateway.moves();
  const look = async (): Promise<string> => {
    // Counting ten thousand clients would be a good part of the gateway's work: not while they are on the move.
    const before = moves;
    moves = await stage.gateway.moves();
    if (moves !== before) return 'on the move';
    const { clients, byNode } = await stage.gateway.census();
    const there = byNode[to.address] ?? 0;
    if (clients === expected && there === expected) return 'all';
    return `${there} of ${expected} there, ${clients} connected, ${JSON.stringify(byNode)}`;
  };
  const wait = { deadlineMs: PATIENCE_MS, intervalMs: LOOK_MS, what: `all sessions to be with ${to.address}` };
  const stuck = await waitFor(look, { ...wait, until: (seen) => seen === 'all' }).then(
    () => ({}),
    (error: Error) => ({ stuck: error.message }),
  );
  return {
    ...stuck,
    ms: performance.now() - beganAt,
    cpuMs: (processorTimeUs(stage.gateway.pid) - cpuUs) / 1000,
  };
}

async function run(stage: Stage, shape: Shape, switches: number, say: (line: string) => void): Promise<Check[]> {
  const { gateway, pair } = stage;
  await gather(stage, shape);
  const expected = shape.sessions;
  const before = await baseline(stage, pair.primary, expected);
  say(
    `${expected} sessions: ${shape.idle} silent, ${shape.subscribers} subscribed, ${shape.blocked} in BLPOP, ${shape.counters} counting`,
  );
  const nodes: [LabServer, LabServer] = [pair.primary, pair.replica];
  const arrivalsMs: number[] = [];
  for (let nth = 0; nth < switches; nth++) {
    await Promise.all(stage.threads.map((thread) => (nth === 0 ? thread.call('begin') : thread.call('forgetLongest'))));
    await rest(BEFORE_MS);
    const usual = together(await Promise.all(stage.threads.map((thread) => thread.call('report'))));
    await Promise.all(stage.threads.map((thread) => thread.call('forgetLongest')));
    const arrival = await switchOver(stage, nodes[0], nodes[1], expected);
    arrivalsMs.push(arrival.ms);
    if (arrival.stuck !== undefined) say(arrival.stuck);
    nodes.reverse();
    await rest(AFTER_MS);
    const now = together(await Promise.all(stage.threads.map((thread) => thread.call('report'))));
    say(
      `switch ${nth + 1}: all on the new primary after ${ms(arrival.ms)}, ${ms(arrival.cpuMs)} of the gateway's processor time; ` +
        `longest wait of a command ${ms(now.longestMs)}, before ${ms(usual.longestMs)}`,
    );
  }
  const report = together(await Promise.all(stage.threads.map((thread) => thread.call('settle', PATIENCE_MS))));
  const after = await shrunk(gateway, before);
  const census = await gateway.census();
  const { moves, replayed, uncertain, resubscribed, givenUp } = census;
  say(
    `the gateway: ${moves} moves, ${replayed} commands sent again, ${uncertain} uncertain, ${givenUp} given up, ${resubscribed} subscribed anew`,
  );
  return judge({ arrivalsMs, report, expected, before, after, census });
}

/** Everybody is there, and the gateway has nothing more to do. */
async function baseline({ gateway }: Stage, primary: LabServer, expected: number): Promise<Footprint> {
  await waitFor(() => gateway.census(), {
    deadlineMs: PATIENCE_MS,
    intervalMs: LOOK_MS,
    what: `${expected} sessions to be with ${primary.address}`,
    until: ({ byNode }) => byNode[primary.address] === expected,
  });
  return footprint(gateway);
}

async function footprint(gateway: GatewayChild): Promise<Required<Footprint>> {
  const { rss, heapUsed, external } = await gateway.memory();
  return { resident: rss, used: heapUsed + external };
}

/** What the gateway has when it has had time to let go. */
async function shrunk(gateway: GatewayChild, before: Footprint): Promise<Footprint> {
  const isBack = (now: Footprint): boolean => growth(before, now) <= GROWTH_MAX;
  const options = { deadlineMs: 10_000, intervalMs: 500, what: 'the gateway to shrink', until: isBack };
  return waitFor(() => footprint(gateway), options).catch(() => footprint(gateway));
}

function growth(before: Footprint, after: Footprint): number {
  return (after.used ?? after.resident) / (before.used ?? before.resident) - 1;
}

interface Findings {
  readonly arrivalsMs: readonly number[];
  readonly report: CrowdReport;
  readonly expected: number;
  readonly before: Footprint;
  readonly after: Footprint;
  readonly census: Awaited<ReturnType<GatewayChild['census']>>;
}

function judge({ arrivalsMs, report, expected, before, after, census }: Findings): Check[] {
  const { messages, elements, commands } = report;
  const slowest = Math.max(...arrivalsMs);
  const none = ({ missed, outstanding, again }: typeof messages): boolean => missed + outstanding + again === 0;
  const counted = ({ delivered, missed, outstanding, again }: typeof messages): string =>
    `${delivered} came, ${missed} left out, ${again} twice, ${outstanding} outstanding`;
  return [
    { what: `all on the new primary within ${ms(ARRIVAL_MS)}`, good: slowest <= ARRIVAL_MS, seen: ms(slowest) },
    {
      what: 'no connection lost',
      good: report.lost === 0 && report.connected === expected && census.clients === expected,
      seen: `${report.lost} lost, ${census.closedByUs} closed by the gateway`,
    },
    { what: 'no error seen', good: report.errors === 0, seen: `${report.errors} errors` },
    { what: 'every message once', good: none(messages) && messages.delivered > 0, seen: counted(messages) },
    { what: 'every element once', good: none(elements) && elements.delivered > 0, seen: counted(elements) },
    { what: 'every command ran once', good: commands > 0 && report.errors === 0, seen: `${commands} commands` },
    {
      what: 'memory back to where it was',
      good: growth(before, after) <= GROWTH_MAX,
      seen: `in use ${mb(before.used)} before, ${mb(after.used)} after; resident ${mb(before.resident)}, ${mb(after.resident)}`,
    },
    ...report.examples.map((seen) => ({ what: 'seen by a client', good: false, seen })),
  ];
}

function shapeOf(flags: {
  sessions: string | undefined;
  subscribers: string | undefined;
  blocked: string | undefined;
}): Shape {
  const sessions = wholeNumber('sessions', flags.sessions, 10_000, 100, 100_000);
  const subscribers = wholeNumber('subscribers', flags.subscribers, Math.floor(sessions / 5), 1, sessions);
  const blocked = wholeNumber('blocked', flags.blocked, Math.floor(sessions / 20), 1, sessions);
  const senders = 2 * THREADS;
  const idle = Math.floor(sessions / 2);
  const counters = sessions - idle - subscribers - blocked - senders;
  if (counters < 1)
    throw new UsageError('half of --sessions is silent: --subscribers and --blocked must fit into the rest');
  const files = sessions + 2 * (subscribers + blocked) + SPARE_FILES;
  if (files > openFilesMax()) {
    const most = Math.floor(((openFilesMax() - SPARE_FILES) * sessions) / (files - SPARE_FILES));
    throw new UsageError(
      `${sessions} sessions need ${files} open files in the gateway, and this system allows ${openFilesMax()}: raise ` +
        `the limit (ulimit -Hn), or take --sessions ${most} with fewer subscribers and waiters in proportion`,
    );
  }
  return { sessions, subscribers, blocked, idle, counters };
}

async function main(signal: AbortSignal): Promise<void> {
  const flags = readFlags({
    sessions: 'value',
    subscribers: 'value',
    blocked: 'value',
    switches: 'value',
    version: 'value',
    'no-memory': 'flag',
    'only-memory': 'flag',
    json: 'flag',
    help: 'flag',
  });
  if (flags.help) return console.log(help);
  const shape = shapeOf(flags);
  const switches = wholeNumber('switches', flags.switches, 1, 1, 1000);
  const version = oneOf('version', flags.version, serverVersions, 'valkey-9.1');
  const say = flags.json ? console.error : console.log;
  const stage = await Stage.set(version, shape);
  try {
    const work = async (): Promise<void> => {
      const costs = flags['no-memory'] ? [] : await idleCosts(stage, shape);
      if (costs.length > 0) say(['what an idle session costs:', ...costs.map(costLine)].join('\n'));
      const checks = flags['only-memory'] ? [] : await run(stage, shape, switches, say);
      for (const { what, good, seen } of checks) say(`${good ? 'ok  ' : 'NOT '} ${what}: ${seen}`);
      if (flags.json) console.log(JSON.stringify({ version, shape, switches, costs, checks }));
      if (!checks.every(({ good }) => good)) process.exitCode = 1;
    };
    await Promise.race([work(), aborted(signal)]);
  } finally {
    await stage.strike();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function rest(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function mb(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

await runProgramUntilSignal(main);
