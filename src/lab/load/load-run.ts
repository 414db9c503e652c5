import type { LoadClient, LoadReader } from './load-client.js';
import { Meter } from './meter.js';
import { mergeVerdicts, type Verdict } from './verdict.js';
import { delay, type RunContext, type Workload } from './workload.js';
import { MixedSizes } from './workloads/mixed-sizes.js';
import { Pipelines } from './workloads/pipelines.js';
import { Queues } from './workloads/queues.js';
import { Scripts } from './workloads/scripts.js';
import { SingleCommands } from './workloads/single-commands.js';
import { Transactions } from './workloads/transactions.js';
import { Watched } from './workloads/watched.js';

export const workloadNames = ['single', 'burst', 'pipeline', 'multi', 'script', 'blpop', 'mixed', 'watch'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface LoadOptions {
  readonly keyPrefix: string;
  /** Decides sizes and contents. */
  readonly seed: number;
  /** Default: all. */
  readonly workloads?: readonly WorkloadName[];
  /** Rest of each workload, or of some by name, between two steps; 0 (the default) for as fast as answers come. */
  readonly paceMs?: number | Readonly<Partial<Record<WorkloadName, number>>>;
  /** Rest after an error, as an application that tries again would take; default 5. */
  readonly errorPauseMs?: number;
  /** Of the values of `mixed`; default 1 MiB. */
  readonly valueBytesMax?: number;
}

/** All workloads on one client and its duplicates, with one meter. The caller owns the client; the run owns the duplicates. */
export class LoadRun {
  readonly meter = new Meter();
  private readonly duplicates: LoadClient[] = [];
  private readonly workloads: Workload[];
  private readonly running: Promise<unknown>;
  private isStopped = false;
  private settled = false;

  constructor(
    private readonly client: LoadClient,
    private readonly options: LoadOptions,
  ) {
    this.listen(client);
    const names = options.workloads ?? workloadNames;
    this.workloads = names.map((name) => this.make(name));
    this.running = Promise.all(this.workloads.map((workload, index) => workload.run(this.context(names[index]!))));
    this.running.catch(() => {}); // stop() rethrows it
  }

  /** Sends nothing new and waits for what is under way, at most `drainMs`. Resolves with whether all was answered. */
  async stop(drainMs = 10_000): Promise<boolean> {
    this.isStopped = true;
    const ended = this.running.then(() => true);
    this.settled = await Promise.race([ended, delay(drainMs).then(() => false)]);
    this.meter.stop(!this.settled || this.meter.failing);
    return this.settled;
  }

  /**
   * The primary died, and `reader`'s node takes over with what it has: forgives what was acknowledged and not replicated,
   * and resolves with how many writes that are. Rejects when a workload takes part that cannot forgive.
   */
  async survive(reader: LoadReader): Promise<number> {
    let forgiven = 0;
    for (const workload of this.workloads) {
      if (workload.survive === undefined)
        throw new Error(`"${workload.name}" cannot take part in the loss of a primary`);
      forgiven += await workload.survive(reader);
    }
    return forgiven;
  }

  /** Compares what was promised with what `reader`'s node has. After stop(). */
  async verify(reader: LoadReader): Promise<Verdict> {
    const verdicts: Verdict[] = [];
    for (const workload of this.workloads) {
      const verdict = await workload.verify(reader);
      verdicts.push({ ...verdict, notes: verdict.notes.map((note) => `${workload.name}: ${note}`) });
    }
    return mergeVerdicts(verdicts);
  }

  /** Closes the duplicates. */
  async close(): Promise<void> {
    for (const client of this.duplicates) client.disconnect();
  }

  private context(name: WorkloadName): RunContext {
    const run = this;
    const { paceMs: pace = 0, errorPauseMs = 5 } = this.options;
    const paceMs = typeof pace === 'number' ? pace : (pace[name] ?? 0);
    return {
      meter: this.meter,
      get stopped() {
        return run.isStopped;
      },
      pause: (step) => {
        const ms = step === 'failed' ? errorPauseMs : paceMs;
        return ms > 0 ? delay(ms) : Promise.resolve();
      },
    };
  }

  private make(name: WorkloadName): Workload {
    const { client } = this;
    const { seed, valueBytesMax } = this.options;
    const prefix = `${this.options.keyPrefix}:${name}`;
    switch (name) {
      case 'single':
        return new SingleCommands(client, prefix, 2);
      case 'burst':
        return new SingleCommands(client, prefix, 50);
      case 'pipeline':
        return new Pipelines(client, prefix);
      case 'multi':
        return new Transactions(client, prefix);
      case 'script':
        return new Scripts(client, prefix);
      case 'blpop':
        return new Queues(client, [this.duplicate(), this.duplicate()], prefix);
      case 'mixed':
        return new MixedSizes(this.duplicate(), prefix, seed, valueBytesMax);
      case 'watch':
        return new Watched([this.duplicate(), this.duplicate()], prefix);
    }
  }

  private duplicate(): LoadClient {
    const client = this.client.duplicate();
    this.duplicates.push(client);
    this.listen(client);
    return client;
  }

  private listen(client: LoadClient): void {
    client.on('error', (error) => this.meter.failed(error));
  }
}
