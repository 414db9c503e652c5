import { type ConnectionOptions, FlowProducer, Queue, Worker } from 'bullmq';
import { JobLedger, type JobVerdict } from './job-ledger.js';
import { type LoadClient, type LoadReader, readList } from './load-client.js';
import { Meter } from './meter.js';
import { delay, settle } from './workload.js';

export interface JobLoadOptions {
  /** Name of the queue, and prefix of the account's keys. */
  readonly queue: string;
  /** Makes one more connection. BullMQ wants `maxRetriesPerRequest: null` on it. */
  readonly connect: () => LoadClient;
  /** Between two additions; default 5. Every fourth is a flow of a parent and three children. */
  readonly paceMs?: number;
  /** Jobs worked on at the same time, by each of two workers; default 5. */
  readonly concurrency?: number;
}

interface JobData {
  readonly number: number;
}

const children = 3;

/** A BullMQ queue: a producer of jobs and flows, and workers that note each job they do, once, in a counter and a list. */
export class JobLoad {
  /** Counts additions as writes, and as errors: failed additions, and every 'error' or 'failed' event. */
  readonly meter = new Meter();
  private readonly ledger = new JobLedger();
  private readonly clients: LoadClient[] = [];
  private readonly notes: LoadClient;
  private readonly queue: Queue;
  private readonly flows: FlowProducer;
  private readonly workers: Worker<JobData>[];
  private readonly producing: Promise<void>;
  private noted = 0;
  private isStopped = false;

  constructor(private readonly options: JobLoadOptions) {
    const connection = (): ConnectionOptions => this.client() as unknown as ConnectionOptions;
    this.notes = this.client();
    this.queue = new Queue(options.queue, { connection: connection() });
    this.flows = new FlowProducer({ connection: connection() });
    const { concurrency = 5 } = options;
    this.workers = [1, 2].map(
      () => new Worker<JobData>(options.queue, (job) => this.work(job.data), { connection: connection(), concurrency }),
    );
    for (const each of [this.queue, this.flows, ...this.workers]) {
      (each as Queue).on('error', (error) => this.meter.failed(error));
    }
    for (const worker of this.workers) worker.on('failed', (_job, error) => this.meter.failed(error));
    this.producing = this.produce();
  }

  private client(): LoadClient {
    const client = this.options.connect();
    client.on('error', (error) => this.meter.failed(error));
    this.clients.push(client);
    return client;
  }

  private async work({ number }: JobData): Promise<void> {
    const { queue } = this.options;
    const results = await this.notes
      .multi()
      .incr(`${queue}:job:${number}`)
      .rpush(`${queue}:done`, String(number))
      .exec();
    const failure = results?.find(([error]) => error !== null)?.[0];
    if (failure) throw failure;
    this.noted += 1;
  }

  private async produce(): Promise<void> {
    const { paceMs = 5 } = this.options;
    for (let turn = 0; !this.isStopped; turn += 1) {
      const numbers = this.ledger.issue(turn % 4 === 3 ? children : 0);
      const sentAt = this.meter.now();
      await settle(
        this.add(numbers),
        () => {
          this.ledger.ack(numbers);
          this.meter.wrote(sentAt);
        },
        (error) => {
          this.ledger.fail(numbers, error);
          this.meter.failed(error);
        },
      );
      await delay(paceMs);
    }
  }

  private async add(numbers: number[]): Promise<void> {
    const data = (number: number): JobData => ({ number });
    const parent = numbers.at(-1)!;
    if (numbers.length === 1) {
      await this.queue.add('job', data(parent));
      return;
    }
    const { queue } = this.options;
    await this.flows.add({
      name: 'parent',
      queueName: queue,
      data: data(parent),
      children: numbers.slice(0, -1).map((number) => ({ name: 'child', queueName: queue, data: data(number) })),
    });
  }

  /** Jobs given to the queue so far, and jobs done, as far as this process knows. */
  get progress(): { readonly added: number; readonly done: number } {
    return { added: this.ledger.acknowledged, done: this.noted };
  }

  /** Adds no more, waits at most `drainMs` until all that was accepted is done, and ends the workers. */
  async stop(drainMs = 15_000): Promise<void> {
    this.isStopped = true;
    const enough = delay(drainMs).then(() => 'late' as const);
    const producer = await Promise.race([this.producing, enough]);
    this.meter.stop(producer === 'late' || this.meter.failing);
    let isLate = false;
    enough.then(() => {
      isLate = true;
    });
    while (this.noted < this.ledger.acknowledged && !isLate) await delay(5);
    const closing = Promise.allSettled([...this.workers, this.queue, this.flows].map((each) => each.close()));
    await Promise.race([closing, delay(2_000)]);
  }

  /** After stop(). */
  async verify(reader: LoadReader): Promise<JobVerdict> {
    const { queue } = this.options;
    const done = (await readList(reader, `${queue}:done`)).map(Number);
    const verdict = this.ledger.verify(done);
    const miscounted = await this.miscounted(reader, done);
    return { ...verdict, doubled: Math.max(verdict.doubled, miscounted) };
  }

  /** Jobs whose counter does not say 1. The counter and the list were written together, so this agrees with the list. */
  private async miscounted(reader: LoadReader, done: readonly number[]): Promise<number> {
    const counts = await Promise.all(done.map((number) => reader.get(`${this.options.queue}:job:${number}`)));
    return counts.filter((count) => count !== '1').length;
  }

  close(): void {
    for (const client of this.clients) client.disconnect();
  }
}
