import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeVerdicts, newVerdict, type Verdict } from '../../src/lab/load/index.js';
import {
  type LabPair,
  type LabServer,
  type ServerVersion,
  startPair,
  waitForSync,
} from '../../src/lab/servers/index.js';
import { Switcher } from '../../src/lab/threads/switcher.js';
import { waitFor } from '../../src/lab/wait-for.js';
import type { ClientEntry, Launch } from './catalog.js';
import { ClientProgram } from './client-program.js';
import { type GatewayCounts, GatewayProcess } from './gateway-process.js';
import { openAccounts, type Role, ScanAccount } from './roles/index.js';

export interface CourseOptions {
  readonly version: ServerVersion;
  readonly switches: number;
  /** Rest of each program between two steps. */
  readonly paceMs: number;
  readonly onSwitch?: (done: number) => void;
}

/** What became of one client. */
export interface CourseResult {
  /** What the library calls itself. */
  readonly library: string;
  /** Of the server, for example 9.1.2. */
  readonly server: string;
  readonly switches: number;
  /** Transactions whose WATCH did not outlive a switch, as it may not. */
  readonly nils: number;
  /** Word for word, with the role before it. */
  readonly errors: readonly string[];
  /** Sessions, or gateways, that were told of a switch and did not hold before it went on. */
  readonly heldTooLate: number;
  /** Of the gateway, which clients need not have noticed. On a machine that is too busy, messages arrive late. */
  readonly remarks: readonly string[];
  /** Connections that the programs opened anew, and sessions that the gateway closed. */
  readonly lostConnections: number;
  readonly verdict: Verdict;
  readonly gateway: GatewayCounts;
}

const deadlineMs = 60_000;
/** The gateway has this long to hold its sessions, on a machine as busy as this one may be. */
const noticeTimeoutMs = 10_000;
/** That long a wait needs a pause that outlasts it. */
const pauseTimeoutMs = 20_000;
/** Whoever has seen so many errors need not see more. */
const errorsMax = 50;

/** Switches a pair back and forth under one client's programs, and compares what they said with the data. */
export async function runCourse(entry: ClientEntry, launch: Launch, options: CourseOptions): Promise<CourseResult> {
  const folder = await mkdtemp(join(tmpdir(), 'segue-clients-'));
  const leave = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', leave);
  const switcher = new Switcher();
  let pair: LabPair | undefined;
  let gateway: GatewayProcess | undefined;
  let course: Course | undefined;
  try {
    pair = await startPair({ version: options.version });
    gateway = await GatewayProcess.start(urlOf(pair.primary));
    course = new Course(entry, launch, options, [pair.primary, pair.replica], gateway, switcher, join(folder, 'stop'));
    return await course.run();
  } finally {
    await course?.end();
    await gateway?.stop();
    await switcher.close();
    await pair?.stop();
    leave();
    process.off('exit', leave);
  }
}

class Course {
  readonly #programs: ClientProgram[] = [];
  readonly #accounts: ReturnType<typeof openAccounts>;
  /** What went wrong with the run itself. */
  readonly #troubles: string[] = [];
  #switches = 0;
  #late = 0;

  constructor(
    private readonly entry: ClientEntry,
    private readonly launch: Launch,
    private readonly options: CourseOptions,
    /** The primary first. */
    private readonly nodes: LabServer[],
    private readonly gateway: GatewayProcess,
    private readonly switcher: Switcher,
    private readonly stopFile: string,
  ) {
    this.#accounts = openAccounts(entry.name);
  }

  async run(): Promise<CourseResult> {
    await ScanAccount.prepare(this.nodes[0]!, this.entry.name);
    let connected: GatewayCounts | undefined;
    try {
      await Promise.all(this.entry.roles.slice(0, -1).map((role) => this.#start(role)));
      await this.#start(this.entry.roles.at(-1)!);
      connected = await this.#connected();
      for (; this.#switches < this.options.switches; this.#switches++) await this.#switch();
      await this.#progress('after the last switch');
    } catch (error) {
      this.#troubles.push((error as Error).message);
    }
    const counts = await this.gateway.counts();
    await this.#finish();
    return this.#result(counts, connected);
  }

  /** Resolves when it is connected. */
  async #start(role: Role): Promise<void> {
    const { entry, options, gateway } = this;
    const protocol = entry.resp3 && this.#programs.length % 2 === 0 ? '3' : '2';
    const args = ['127.0.0.1', String(gateway.port), entry.name, String(options.paceMs), protocol, this.stopFile];
    const account = this.#accounts[role];
    const program = new ClientProgram(role, this.launch, args, (line) => account.take(role, line));
    this.#programs.push(program);
    await waitFor(() => program.ready !== undefined || program.hasEnded, { deadlineMs, what: `${role} to connect` });
    if (program.ready === undefined) throw new Error(`${role} did not connect`);
  }

  /** Not every program knows when it is connected; some have connections beside the one that they work with. */
  #connected(): Promise<GatewayCounts> {
    return waitFor(() => this.gateway.counts(), {
      deadlineMs,
      what: 'the gateway to see all programs',
      until: ({ clients }) => clients >= this.#programs.length,
    });
  }

  async #switch(): Promise<void> {
    await this.#progress(`before switch ${this.#switches + 1}`);
    const [from, to] = this.nodes;
    await waitForSync(from!, [to!]);
    await waitFor(() => lagOf(from!), { deadlineMs, what: 'the replica to be heard of', until: (lag) => lag <= 1 });
    const nodes = { from: urlOf(from!), to: urlOf(to!) };
    const { report } = await this.switcher.switch({ ...nodes, noticeTimeoutMs, pauseTimeoutMs });
    this.#late += (report.sessions.hold?.late ?? 0) + (report.sessions.hold?.missing ?? 0);
    this.nodes.reverse();
    this.options.onSwitch?.(this.#switches + 1);
  }

  /** Every program makes some more steps. */
  async #progress(when: string): Promise<void> {
    const goals = this.#programs.map((program) => [program, program.steps + this.entry.stepsBetween] as const);
    const behind = () => goals.filter(([program, goal]) => program.steps < goal && !program.hasEnded);
    await waitFor(() => behind().length === 0 || this.#errors().length > errorsMax, {
      deadlineMs,
      what: `all programs to go on ${when}`,
    }).catch(() => {
      const roles = behind().map(([{ role, steps }]) => `${role} at step ${steps}`);
      throw new Error(`stands still ${when}: ${roles.join(', ')}`);
    });
    const gone = this.#programs.filter((program) => program.hasEnded).map(({ role }) => role);
    if (gone.length > 0) throw new Error(`ended ${when}: ${gone.join(', ')}`);
    if (this.#errors().length > errorsMax) throw new Error('too many errors');
  }

  async #finish(): Promise<void> {
    await writeFile(this.stopFile, '');
    const all = Promise.all(this.#programs.map((program) => program.exited));
    await waitFor(() => this.#programs.every((program) => program.hasEnded), {
      deadlineMs,
      what: 'the programs to end',
    }).catch(() => {
      for (const { role, hasEnded } of this.#programs) if (!hasEnded) this.#troubles.push(`${role} did not end`);
      this.#kill();
    });
    await all;
    for (const { role, isDone } of this.#programs) if (!isDone) this.#troubles.push(`${role} did not finish its work`);
  }

  async #result(before: GatewayCounts, connected: GatewayCounts | undefined): Promise<CourseResult> {
    const gateway = await this.gateway.counts();
    const accounts = new Set(this.entry.roles.map((role) => this.#accounts[role]));
    const verdicts: Verdict[] = [newVerdict()];
    for (const account of accounts) verdicts.push(await account.verify(this.nodes[0]!));
    // Who connects anew was lost; who is closed by the gateway, too. What the programs close themselves does not count.
    const anew = gateway.accepted - (connected?.accepted ?? gateway.accepted);
    const gone = (connected?.clients ?? before.clients) - before.clients;
    return {
      library: this.#programs.find(({ ready }) => ready !== undefined)?.ready ?? this.entry.name,
      server: this.nodes[0]!.fullVersion,
      switches: this.#switches,
      nils: this.#programs.reduce((sum, { nils }) => sum + nils, 0),
      errors: [...this.#errors(), ...this.#troubles],
      heldTooLate: this.#late,
      remarks: this.gateway.complaints(),
      lostConnections: Math.max(anew, gone, gateway.closed),
      verdict: mergeVerdicts(verdicts),
      gateway,
    };
  }

  #errors(): string[] {
    return this.#programs.flatMap(({ role, errors }) => errors.map((text) => `${role}: ${text}`));
  }

  #kill(): void {
    for (const program of this.#programs) program.kill();
  }

  async end(): Promise<void> {
    this.#kill();
    await Promise.all(this.#programs.map((program) => program.exited));
  }
}

/** Seconds since the only replica was heard of; a check of the switch. A machine that is busy lets it wait. */
async function lagOf(primary: LabServer): Promise<number> {
  return Number(/lag=(\d+)/.exec((await primary.info('replication')).slave0 ?? '')?.[1] ?? Number.NaN);
}

function urlOf({ address }: LabServer): string {
  return `valkey://${address}`;
}
