import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabServer, replicationOf, type ServerVersion, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import {
  type Boundary,
  type ResumeReport,
  resumeSwitch,
  type SwitchMethod,
  type SwitchOptions,
} from '../../../src/switchover/index.js';
import { Application } from './application.js';
import { Cable } from './cable.js';
import { Operator, type OperatorEnd } from './operator.js';
import { missingAt, takenBesides, Writer } from './writers.js';

export const faults = [
  'kill the operator',
  'stop the operator',
  'kill A',
  'kill B',
  'kill A and the operator',
  'kill B and the operator',
  'stop A',
  'stop B',
  'cut off A',
  'cut off B',
  'slow A',
  'slow B',
  'cut A from B',
  'slow A from B',
  'kill an application',
  'stop an application',
] as const;
export type Fault = (typeof faults)[number];

/** These must not keep the switch from its end. */
export function isOfApplication(fault: Fault): boolean {
  return fault.endsWith('an application');
}

export interface Account {
  readonly operator: OperatorEnd;
  readonly resumed: ResumeReport;
  /** Who is primary in the end: `A` where the switch was undone. */
  readonly primary: 'A' | 'B';
  /** Acknowledged writes that a node does not have, or that were taken by the old primary beside the new one. */
  readonly lost: string[];
  readonly besides: string[];
  readonly acknowledged: readonly [number, number];
  /** What applications with Segue's sessions saw or miss: where there are any. */
  readonly complaints: string[];
}

const deadlineMs = 30_000;
/** Longer than the operator waits for an answer. */
const faultMs = 1_000;
/** A short one, unless the operator is to sleep through it, or to wait for answers: then the one that is the default. */
const pauseTimeoutMs = { short: 4_000, long: 12_000 };
/** Enough for one that is not stopped, on a busy machine, too. */
const noticeTimeoutOfApplicationsMs = 2_000;
const limits = {
  nodeTimeoutMs: 600,
  catchUpTimeoutMs: 500,
  noticeTimeoutMs: 100,
  proofTimeoutMs: 10_000,
};

/** How one node is reached. */
interface Cables {
  readonly byOperator: Cable;
  readonly byPartner: Cable;
}

/** A pair with persistence and configuration files, on which switches are broken off, one after the other. */
export class Ground {
  private runs = 0;

  private constructor(
    private readonly folder: string,
    private readonly nodes: [LabServer, LabServer],
    private readonly cables: ReadonlyMap<LabServer, Cables>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(version: ServerVersion, folder: string): Promise<Ground> {
    // Whatever is acknowledged is on the disk, so that a node that is killed loses nothing by itself.
    const pair = await startPair({ version, args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const cables = new Map<LabServer, Cables>();
    for (const node of pair.nodes) {
      cables.set(node, { byOperator: await Cable.before(node), byPartner: await Cable.before(node) });
    }
    const all = [...cables.values()].flatMap(({ byOperator, byPartner }) => [byOperator, byPartner]);
    const ground = new Ground(folder, [pair.primary, pair.replica], cables, async () => {
      for (const cable of all) await cable.close();
      await pair.stop();
    });
    await pair.replica.cli('REPLICAOF', '127.0.0.1', cables.get(pair.primary)!.byPartner.port);
    await ground.inStep();
    for (const node of pair.nodes) await node.cli('CONFIG', 'REWRITE');
    return ground;
  }

  /** One switch with one fault in it, resumed when it is over. */
  async break(fault: Fault, boundary: Boundary, method: SwitchMethod = 'manual'): Promise<Account> {
    const [a, b] = this.nodes;
    const journalPath = join(tmpdir(), `segue-journal-${process.pid}-${a.port}-${++this.runs}`);
    const writers = [new Writer(a, `w${this.runs}`), new Writer(b, `w${this.runs}`)] as const;
    let applications: readonly Application[] = [];
    try {
      if (isOfApplication(fault)) applications = await this.applications();
      const operator = await this.operatorAt(fault, { journalPath, method }, boundary);
      await this.inflict(fault, operator, applications);
      const end = await operator.ended;
      const resumed = await resumeSwitch(journalPath, {
        ...limits,
        finishTimeoutMs: deadlineMs,
        proofTimeoutMs: deadlineMs,
      });
      const primary = await this.settle();
      const [old, now] = primary === 'B' ? [writers[0], writers[1]] : [writers[1], writers[0]];
      await this.takesWrites(now);
      for (const writer of writers) await writer.stop();
      const survivors = fault === 'kill an application' ? applications.slice(1) : applications;
      await Promise.all(survivors.map((application) => application.goesOn()));
      await Promise.all(survivors.map((application) => application.stop()));
      await this.inStep();
      const complaints = await Promise.all(applications.map((application) => application.complaints(this.nodes)));
      const lost = [...(await missingAt(a, writers)), ...(await missingAt(b, writers))];
      const acknowledged = [writers[0].acknowledged.length, writers[1].acknowledged.length] as const;
      if (primary === 'B') this.nodes.reverse();
      const besides = takenBesides(old, now);
      return { operator: end, resumed, primary, lost, besides, acknowledged, complaints: complaints.flat() };
    } finally {
      await Promise.all(applications.map((application) => application.end()));
      for (const writer of writers) await writer.stop();
      await rm(journalPath, { force: true });
    }
  }

  /** Otherwise nothing would be shown. On a busy machine a node may not answer it in time: then nothing was touched. */
  private async operatorAt(
    fault: Fault,
    more: Pick<SwitchOptions, 'journalPath' | 'method'>,
    boundary: Boundary,
  ): Promise<Operator> {
    for (let attempt = 1; ; attempt += 1) {
      const operator = this.operator(fault, more, boundary);
      if ((await operator.stopped) === 'stopped') return operator;
      const end = await operator.ended;
      const isUntouched = end.code === 'SEGUE_SWITCH_CHECK' || end.code === 'SEGUE_SWITCH_GIVEN_UP';
      if (!isUntouched || attempt === 5) throw new Error(`no operator there: ${JSON.stringify(end)}`);
    }
  }

  private operator(fault: Fault, more: Pick<SwitchOptions, 'journalPath' | 'method'>, boundary: Boundary): Operator {
    const [a, b] = this.nodes;
    const url = (node: LabServer, name: string): string => {
      const isDisturbed = fault === `cut off ${name}` || fault === `slow ${name}`;
      return isDisturbed ? this.cables.get(node)!.byOperator.url : `valkey://${node.address}`;
    };
    const toKnownAs = `127.0.0.1:${this.cables.get(b)!.byPartner.port}`;
    const isLong = fault === 'stop the operator' || isOfApplication(fault);
    const pauseMs = isLong ? pauseTimeoutMs.long : pauseTimeoutMs.short;
    const noticeTimeoutMs = isOfApplication(fault) ? noticeTimeoutOfApplicationsMs : limits.noticeTimeoutMs;
    const times = { ...limits, noticeTimeoutMs, pauseTimeoutMs: pauseMs, finishTimeoutMs: 3_000 };
    return new Operator(this.folder, { ...times, ...more, from: url(a, 'A'), to: url(b, 'B'), toKnownAs }, boundary);
  }

  /** The victim, and one that must not notice. They know the nodes by other names than these know each other. */
  private applications(): Promise<Application[]> {
    const names = this.nodes.map((node) => [`127.0.0.1:${this.cables.get(node)!.byPartner.port}`, node.address]);
    const { host, port } = this.nodes[0];
    const options = { host, port, addressMap: Object.fromEntries(names) as Record<string, string> };
    const roles = ['victim', 'bystander'];
    return Application.startAll(
      this.folder,
      roles.map((role) => ({ ...options, name: `${role}${this.runs}` })),
    );
  }

  private async inflict(fault: Fault, operator: Operator, [victim, bystander]: readonly Application[]): Promise<void> {
    const [a, b] = this.nodes;
    const node = /A/.test(fault) ? a : b;
    switch (fault) {
      case 'kill an application':
        victim!.signal('SIGKILL');
        return operator.go();
      case 'stop an application':
        victim!.signal('SIGSTOP');
        operator.go();
        // The switch ends, and others go on, while it stands.
        await operator.ended;
        await bystander!.goesOn();
        return victim!.signal('SIGCONT');
      case 'kill the operator':
        return operator.signal('SIGKILL');
      case 'stop the operator':
        operator.go();
        operator.signal('SIGSTOP');
        await elapse(pauseTimeoutMs.long + 500);
        return operator.signal('SIGCONT');
      case 'kill A and the operator':
      case 'kill B and the operator':
        operator.signal('SIGKILL');
        return bounce(node);
      case 'kill A':
      case 'kill B':
        await bounce(node);
        return operator.go();
      case 'stop A':
      case 'stop B':
        node.kill('SIGSTOP');
        operator.go();
        await Promise.race([operator.ended, elapse(faultMs)]);
        return node.kill('SIGCONT');
      case 'cut A from B':
      case 'slow A from B':
        return this.disturb([this.cables.get(a)!.byPartner, this.cables.get(b)!.byPartner], fault, operator);
      default:
        return this.disturb([this.cables.get(node)!.byOperator], fault, operator);
    }
  }

  private async disturb(cables: readonly Cable[], fault: Fault, operator: Operator): Promise<void> {
    for (const cable of cables) {
      if (/^slow/.test(fault)) cable.slow(faultMs / 2);
      else cable.cut();
    }
    operator.go();
    await Promise.race([operator.ended, elapse(faultMs)]);
    for (const cable of cables) cable.heal();
  }

  /** Exactly one primary, and the other its replica. */
  private async settle(): Promise<'A' | 'B'> {
    const views = await Promise.all(this.nodes.map(replicationOf));
    const primaries = views.filter(({ role }) => role === 'master');
    if (primaries.length !== 1) throw new Error(`primaries: ${JSON.stringify(views)}`);
    return views[0]!.role === 'master' ? 'A' : 'B';
  }

  private takesWrites(writer: Writer): Promise<unknown> {
    const before = writer.acknowledged.length;
    const what = `${writer.server.address} to take writes`;
    return waitFor(() => writer.acknowledged.length > before, { deadlineMs, what });
  }

  private async inStep(): Promise<void> {
    const look = async (): Promise<boolean> => {
      const [one, other] = await Promise.all(this.nodes.map(replicationOf));
      const busy = await Promise.all(this.nodes.map((node) => node.info('persistence')));
      const isBusy = busy.some((info) => info.aof_rewrite_in_progress !== '0' || info.aof_rewrite_scheduled !== '0');
      return one!.offset === other!.offset && !isBusy;
    };
    await waitFor(look, { deadlineMs, what: 'both nodes in step, and their files written' });
  }
}

/** Dies at once, and comes back as its configuration file says. */
async function bounce(node: LabServer): Promise<void> {
  node.kill('SIGKILL');
  await node.exited;
  await node.restart({ replicaOf: null });
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
