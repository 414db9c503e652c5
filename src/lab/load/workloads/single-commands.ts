import { AppendLedger } from '../append-ledger.js';
import { CounterLedger } from '../counter-ledger.js';
import { type LoadClient, type LoadReader, readList } from '../load-client.js';
import { mergeVerdicts, type Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

/** RPUSH and INCR as single commands, `inFlight` of them sent in one tick before the first is answered. */
export class SingleCommands implements Workload {
  readonly name = 'single';
  private readonly list: AppendLedger;
  private readonly counter: CounterLedger;

  constructor(
    private readonly client: LoadClient,
    keyPrefix: string,
    private readonly inFlight = 1,
  ) {
    this.list = new AppendLedger(`${keyPrefix}:list`);
    this.counter = new CounterLedger(`${keyPrefix}:count`);
  }

  run(run: RunContext): Promise<void> {
    return repeat(run, async () => {
      const sent: Promise<boolean>[] = [];
      for (let index = 0; index < this.inFlight; index += 1) {
        sent.push(index % 2 === 0 ? this.append(run) : this.increment(run));
      }
      return (await Promise.all(sent)).every(Boolean);
    });
  }

  private append({ meter }: RunContext): Promise<boolean> {
    const number = this.list.issue();
    const sentAt = meter.now();
    return settle(
      this.client.rpush(this.list.key, this.list.entry(number)),
      (length) => {
        this.list.ack(number, length);
        meter.wrote(sentAt);
      },
      (error) => {
        this.list.fail(number, error);
        meter.failed(error);
      },
    );
  }

  private increment({ meter }: RunContext): Promise<boolean> {
    this.counter.issue();
    const sentAt = meter.now();
    return settle(
      this.client.incr(this.counter.key),
      (value) => {
        this.counter.ack(value);
        meter.wrote(sentAt);
      },
      (error) => {
        this.counter.fail(error);
        meter.failed(error);
      },
    );
  }

  async survive(reader: LoadReader): Promise<number> {
    const appended = this.list.survive(await readList(reader, this.list.key));
    return appended + this.counter.survive(await reader.get(this.counter.key));
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return mergeVerdicts([
      this.list.verify(await readList(reader, this.list.key)),
      this.counter.verify(await reader.get(this.counter.key)),
    ]);
  }
}
