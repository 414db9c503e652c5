import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SwitchReport } from '../../switchover/index.js';
import {
  type Restart,
  type Stage,
  type StageEvent,
  type UpgradeReport,
  upgradePair,
} from '../../switchover/upgrade/index.js';
import { findServers, type LabPair, type LabServer, replicationOf, startPair, waitForSync } from '../servers/index.js';
import type { ServerVersion } from '../servers/versions.js';
import { Thread } from '../threads/thread.js';
import { type DemoResult, isSpotless, sideIsFine, sideResult } from './demo-result.js';
import type { SideOptions, SideProgress, SideReport } from './side.js';
import type { SideService } from './side-thread.js';

export interface DemoOptions {
  readonly from: ServerVersion;
  readonly to: ServerVersion;
  /** How long the load runs while nothing is done to the servers, all in all. */
  readonly durationMs: number;
  readonly seed: number;
}

export type DemoStepName = 'servers' | 'pair' | 'load' | Stage['kind'] | 'check';

export interface DemoStep {
  readonly name: DemoStepName;
  readonly title: string;
}

export interface DemoListener {
  begun(step: DemoStep): void;
  ended(step: DemoStep, durationMs: number, detail: string): void;
  progress(sides: { readonly plain: SideProgress; readonly segue: SideProgress }): void;
  note(line: string): void;
}

const progressEveryMs = 200;
const plainDrainMs = 2_000;
const segueDrainMs = 15_000;
/** A replica that was away must find what it missed; on Redis 7.0 a full copy from a newer primary would not even work. */
const serverArgs = ['--repl-backlog-size', '64mb'];

/** The rolling upgrade of a pair under load. stop() may come at any time and leaves nothing behind. */
export class Demo {
  private readonly cleanUps: (() => Promise<unknown>)[] = [];
  private readonly stopped = new AbortController();
  private stopping: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: DemoOptions,
    private readonly listener: DemoListener,
  ) {}

  /** Resolves with the table; rejects with LabError or SwitchError. Cleans up by itself. */
  async run(): Promise<DemoResult> {
    try {
      return await this.show();
    } finally {
      await this.stop();
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.cleanUp();
    return this.stopping;
  }

  private async cleanUp(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort(new Error('stopped'));
    for (const cleanUp of this.cleanUps.reverse()) await cleanUp().catch(() => {});
  }

  private async show(): Promise<DemoResult> {
    const { from, to, durationMs, seed } = this.options;
    const startedAt = performance.now();
    await this.step('servers', `find ${from} and ${to}`, () => this.findVersions());
    const { primary: a, replica: b } = await this.step('pair', `start a pair of ${from}`, () => this.startPair());
    const plain = this.startSide({ name: 'plain', client: clientOf(a, false), seed });
    const segue = this.startSide({ name: 'segue', client: clientOf(a, true), seed });
    this.watch(plain, segue);
    await this.step('load', 'put it under load', () => this.rest(durationMs / 4));
    await Promise.all([plain.call('warm'), segue.call('warm')]);
    const report = await this.upgrade([a, b]);
    const sides = await this.step('check', 'stop and check every write', () => this.check(plain, segue, b, a));
    return this.result({ a, b, report: report.switches[0]!, ...sides, durationMs: performance.now() - startedAt });
  }

  private async step<T>(name: DemoStepName, title: string, work: () => Promise<T>): Promise<T> {
    const step = { name, title };
    const begunAt = performance.now();
    this.listener.begun(step);
    const value = await work();
    this.listener.ended(step, performance.now() - begunAt, detailOf(value));
    return value;
  }

  private async findVersions(): Promise<string> {
    const { from, to } = this.options;
    const found = await findServers([from, to], { onProgress: (line) => this.listener.note(line) });
    return [...new Set([...found.values()].map((program) => program.full))].join(' and ');
  }

  private async startPair(): Promise<LabPair> {
    const pair = await startPair({ version: this.options.from, args: serverArgs });
    this.cleanUps.push(() => pair.stop());
    return pair;
  }

  private startSide(options: SideOptions): Thread<SideService> {
    const thread = new Thread<SideService>(new URL('./side-thread.js', import.meta.url), options);
    this.cleanUps.push(() => thread.terminate());
    return thread;
  }

  private watch(plain: Thread<SideService>, segue: Thread<SideService>): void {
    this.timer = setInterval(async () => {
      try {
        const [plainNow, segueNow] = await Promise.all([plain.call('progress'), segue.call('progress')]);
        this.listener.progress({ plain: plainNow, segue: segueNow });
      } catch {
        clearInterval(this.timer); // the threads have ended
      }
    }, progressEveryMs);
  }

  private async rest(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return '';
  }

  /** As an operator does it, but for the service manager: the very code behind `segue upgrade`. */
  private async upgrade(nodes: readonly LabServer[]): Promise<UpgradeReport> {
    const { to, durationMs } = this.options;
    const folder = await mkdtemp(join(tmpdir(), 'segue-demo-'));
    this.cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    return upgradePair({
      nodes: nodes.map(urlOf),
      restart: serviceManager(nodes, to),
      expect: to,
      restMs: durationMs / 4,
      journalPath: join(folder, 'journal'),
      signal: this.stopped.signal,
      onStage: (event) => this.tell(event, nodes),
    });
  }

  private tell({ stage, state, detail, durationMs }: StageEvent, [, b]: readonly LabServer[]): void {
    const step = { name: stage.kind, title: titleOf(stage, b!) };
    if (state === 'begun') this.listener.begun(step);
    else this.listener.ended(step, durationMs, stage.kind === 'rest' ? '' : detail);
  }

  private async check(plain: Thread<SideService>, segue: Thread<SideService>, primary: LabServer, replica: LabServer) {
    const [plainReport, segueReport] = await Promise.all([
      plain.call('stop', plainDrainMs),
      segue.call('stop', segueDrainMs),
    ]);
    clearInterval(this.timer);
    await waitForSync(primary, [replica]);
    const node = { host: primary.host, port: primary.port };
    const copy = { host: replica.host, port: replica.port };
    const [plainVerdict, segueVerdict] = await Promise.all([plain.call('verify', node), segue.call('verify', node)]);
    const inStep = isSpotless(await segue.call('verify', copy));
    await Promise.all([plain.call('close'), segue.call('close')]);
    return {
      plain: sideResult(plainReport as SideReport, plainVerdict),
      segue: sideResult(segueReport as SideReport, segueVerdict),
      inStep,
    };
  }

  private async result(seen: {
    a: LabServer;
    b: LabServer;
    report: SwitchReport;
    plain: DemoResult['plain'];
    segue: DemoResult['segue'];
    inStep: boolean;
    durationMs: number;
  }): Promise<DemoResult> {
    const { a, b, report, plain, segue, inStep, durationMs } = seen;
    const [roleOfA, roleOfB] = [await replicationOf(a), await replicationOf(b)];
    const link = roleOfA.port === b.port ? (roleOfA.state ?? 'none') : 'none';
    const rolesAreRight = roleOfB.role === 'master' && roleOfA.role === 'slave' && link === 'connected';
    return {
      ok: sideIsFine(segue) && inStep && rolesAreRight,
      from: this.options.from,
      to: this.options.to,
      seed: this.options.seed,
      durationMs,
      switch: {
        unwritableMs: report.unwritableMs ?? 0,
        pausedMs: report.pausedMs ?? 0,
        resync: report.resync ?? 'full',
      },
      plain,
      segue,
      primary: { address: b.address, version: `${b.version} (${b.fullVersion})` },
      replica: { address: a.address, version: `${a.version} (${a.fullVersion})`, link, inStep },
    };
  }
}

function clientOf(node: LabServer, segue: boolean): SideOptions['client'] {
  return { library: 'ioredis6', host: node.host, port: node.port, segue };
}

function urlOf(node: LabServer): string {
  return `valkey://${node.address}`;
}

function detailOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** SIGTERM, then the same command line with the program of another version: what a service manager does. */
function serviceManager(nodes: readonly LabServer[], version: ServerVersion): Restart {
  return async ({ port }) => {
    const node = nodes.find((one) => one.port === port)!;
    node.kill('SIGTERM');
    await node.exited;
    await node.restart({ version, replicaOf: null });
  };
}

function titleOf(stage: Stage, replica: LabServer): string {
  switch (stage.kind) {
    case 'restart':
      return stage.node === replica.address ? 'upgrade the replica' : 'upgrade the old primary';
    case 'switch':
      return 'switch: the replica becomes primary';
    case 'leave':
      return 'let the clients leave the old primary';
    case 'rest':
      return 'go on';
    case 'prove':
      return 'look at both nodes';
  }
}
