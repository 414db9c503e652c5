import { type LoadClient, type LoadReader, readList } from '../load-client.js';
import { QueueLedger } from '../queue-ledger.js';
import type { Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

const popTimeoutSeconds = 1;

/** A producer and consumers that wait with BLPOP, each on a connection of its own. */
export class Queues implements Workload {
  readonly name = 'blpop';
  private readonly ledger: QueueLedger;
  private producing = true;

  constructor(
    private readonly client: LoadClient,
    private readonly consumers: readonly LoadClient[],
    keyPrefix: string,
  ) {
    this.ledger = new QueueLedger(`${keyPrefix}:queue`);
  }

  async run(run: RunContext): Promise<void> {
    const consuming = this.consumers.map((client) => this.consume(run, client));
    await repeat(run, () => this.produce(run));
    this.producing = false;
    await Promise.all(consuming);
  }

  private produce({ meter }: RunContext): Promise<boolean> {
    const number = this.ledger.issue();
    const sentAt = meter.now();
    return settle(
      this.client.rpush(this.ledger.key, this.ledger.item(number)),
      () => {
        this.ledger.ack(number);
        meter.wrote(sentAt);
      },
      (error) => {
        this.ledger.fail(number, error);
        meter.failed(error);
      },
    );
  }

  /** Goes on until nothing comes any more after the producer has stopped. What is then left, the check finds in the queue. */
  private async consume(run: RunContext, client: LoadClient): Promise<void> {
    const consumer = this.ledger.addConsumer();
    for (;;) {
      const got = await this.pop(run, client, consumer);
      if (!this.producing && got !== 'item') return;
      if (got === 'error') await run.pause('failed');
    }
  }

  private async pop(
    { meter }: RunContext,
    client: LoadClient,
    consumer: number,
  ): Promise<'item' | 'nothing' | 'error'> {
    this.ledger.popSent();
    try {
      const reply = await client.blpop(this.ledger.key, popTimeoutSeconds);
      this.ledger.popAnswered(consumer, reply === null ? null : reply[1]);
      return reply === null ? 'nothing' : 'item';
    } catch (error) {
      this.ledger.popFailed(error as Error);
      meter.failed(error as Error);
      return 'error';
    }
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return this.ledger.verify(await readList(reader, this.ledger.key));
  }
}
