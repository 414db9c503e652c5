import {
  type ClientSpec,
  JobLoad,
  type JobVerdict,
  type LoadClient,
  LoadRun,
  type MeterReport,
  openClient,
  type Verdict,
} from '../load/index.js';

export interface SideOptions {
  readonly client: ClientSpec;
  readonly seed: number;
  /** Names the keys. */
  readonly name: string;
}

/** What can be seen while it runs. */
export interface SideProgress {
  readonly writes: number;
  readonly errors: number;
  /** Since the last write that succeeded. */
  readonly stallMs: number;
  readonly jobsAdded: number;
  readonly jobsDone: number;
  readonly jobErrors: number;
}

export interface SideReport {
  readonly load: MeterReport;
  readonly jobs: MeterReport;
  readonly jobsDone: number;
  /** Writes still failed when the load was stopped. */
  readonly stillFailing: boolean;
}

export interface SideVerdict {
  readonly load: Verdict;
  readonly jobs: JobVerdict;
}

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** One of the two applications that are compared: the same load and the same queue, over one kind of client. */
export class Side {
  private readonly client: LoadClient;
  private readonly load: LoadRun;
  private readonly jobs: JobLoad;

  constructor(options: SideOptions) {
    const { client, seed, name } = options;
    this.client = openClient(client);
    this.load = new LoadRun(this.client, { keyPrefix: name, seed, paceMs: 5, errorPauseMs: 25, valueBytesMax: 65_536 });
    this.jobs = new JobLoad({
      queue: `${name}-jobs`,
      connect: () => openClient({ ...client, options: { ...client.options, maxRetriesPerRequest: null } }),
      paceMs: 10,
    });
  }

  /** From now on latencies and stalls count. */
  warm(): void {
    this.load.meter.forgetWarmUp();
    this.jobs.meter.forgetWarmUp();
  }

  progress(): SideProgress {
    const load = this.load.meter.report();
    const { added, done } = this.jobs.progress;
    return {
      writes: load.writes,
      errors: load.errors,
      stallMs: this.load.meter.currentGapMs(),
      jobsAdded: added,
      jobsDone: done,
      jobErrors: this.jobs.meter.report().errors,
    };
  }

  async stop(drainMs: number): Promise<SideReport> {
    await Promise.all([this.load.stop(drainMs), this.jobs.stop(drainMs)]);
    return {
      load: this.load.meter.report(),
      jobs: this.jobs.meter.report(),
      jobsDone: this.jobs.progress.done,
      stillFailing: this.load.meter.failing,
    };
  }

  /** Compares the promises with the data of `node`, by a plain client. After stop(). */
  async verify(node: Node): Promise<SideVerdict> {
    const reader = openClient({ library: 'ioredis6', ...node, segue: false });
    try {
      return { load: await this.load.verify(reader), jobs: await this.jobs.verify(reader) };
    } finally {
      reader.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.load.close();
    this.jobs.close();
    this.client.disconnect();
  }
}
