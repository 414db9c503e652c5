import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabServer, replicationOf, type ServerVersion, startPair } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';
import { type Boundary, type ResumeReport, resumeSwitch, type SwitchMethod } from '../../../src/switchover/index.js';
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
] as const;
export type Fault = (typeof faults)[number];

export interface Account {
  readonly operator: OperatorEnd;
  readonly resumed: ResumeReport;
  /** Who is primary in the end: `A` where the switch was undone. */
  readonly primary: 'A' | 'B';
  /** Acknowledged writes that a node does not have, or that were taken by the old primary beside the new one. */
  readonly lost: string[];
  readonly besides: string[];
  readonly acknowledged: readonly [number, number];
}

const deadlineMs = 30_000;
/** Longer than the operator waits for an answer. */
const faultMs = 900;
const pauseTimeoutMs = 4_000;
const limits = {
  nodeTimeoutMs: 400,
  catchUpTimeoutMs: 500,
  pauseTimeoutMs,
  noticeTimeoutMs: 100,
  proofTimeoutMs: 10_000,
};

/** A pair with persistence and configuration files, on which switches are broken off, one after the other. */
export class Ground {
  private runs = 0;

  private constructor(
    private readonly folder: string,
    private readonly nodes: [LabServer, LabServer],
    private readonly cables: ReadonlyMap<LabServer, Cable>,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(version: ServerVersion, folder: string): Promise<Ground> {
    // Whatever is acknowledged is on the disk, so that a node that is killed loses nothing by itself.
    const pair = await startPair({ version, args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const cables = new Map<LabServer, Cable>();
    for (const node of pair.nodes) {
      await node.cli('CONFIG', 'REWRITE');
      cables.set(node, await Cable.before(node));
    }
    return new Ground(folder, [pair.primary, pair.replica], cables, async () => {
      for (const cable of cables.values()) await cable.close();
      await pair.stop();
    });
  }

  /** One switch with one fault in it, resumed when it is over. */
  async break(fault: Fault, boundary: Boundary, method: SwitchMethod = 'manual'): Promise<Account> {
    const [a, b] = this.nodes;
    const journalPath = join(tmpdir(), `segue-journal-${process.pid}-${a.port}-${++this.runs}`);
    const writers = [new Writer(a, `w${this.runs}`), new Writer(b, `w${this.runs}`)] as const;
    try {
      const operator = this.operator(journalPath, boundary, method, /A$/.test(fault), /B$/.test(fault));
      // Otherwise nothing would be shown.
      if ((await operator.stopped) === 'ended')
        throw new Error(`no operator there: ${JSON.stringify(await operator.ended)}`);
      await this.inflict(fault, operator);
      const end = await operator.ended;
      const resumed = await resumeSwitch(journalPath, { ...limits, finishTimeoutMs: deadlineMs });
      const primary = await this.settle();
      const [old, now] = primary === 'B' ? [writers[0], writers[1]] : [writers[1], writers[0]];
      await this.takesWrites(now);
      for (const writer of writers) await writer.stop();
      await this.inStep();
      const lost = [...(await missingAt(a, writers)), ...(await missingAt(b, writers))];
      const acknowledged = [writers[0].acknowledged.length, writers[1].acknowledged.length] as const;
      if (primary === 'B') this.nodes.reverse();
      return { operator: end, resumed, primary, lost, besides: takenBesides(old, now), acknowledged };
    } finally {
      for (const writer of writers) await writer.stop();
      await rm(journalPath, { force: true });
    }
  }

  private operator(journalPath: string, at: Boundary, method: SwitchMethod, farA: boolean, farB: boolean): Operator {
    const [a, b] = this.nodes;
    const url = (node: LabServer, far: boolean): string =>
      far ? this.cables.get(node)!.url : `valkey://${node.address}`;
    const options = { from: url(a, farA), to: url(b, farB), toKnownAs: b.address, journalPath, method };
    return new Operator(this.folder, { ...limits, finishTimeoutMs: 3_000, ...options }, at);
  }

  private async inflict(fault: Fault, operator: Operator): Promise<void> {
    const [a, b] = this.nodes;
    const node = / A/.test(fault) ? a : b;
    switch (fault) {
      case 'kill the operator':
        return operator.signal('SIGKILL');
      case 'stop the operator':
        operator.go();
        operator.signal('SIGSTOP');
        await elapse(pauseTimeoutMs + 500);
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
      default:
        return this.disturb(this.cables.get(node)!, /^slow/.test(fault), operator);
    }
  }

  private async disturb(cable: Cable, isSlow: boolean, operator: Operator): Promise<void> {
    if (isSlow) cable.slow(faultMs);
    else cable.cut();
    operator.go();
    await Promise.race([operator.ended, elapse(faultMs)]);
    cable.heal();
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
