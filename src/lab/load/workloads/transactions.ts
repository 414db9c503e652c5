import { AppendLedger } from '../append-ledger.js';
import { verifyCountedList } from '../counted-list.js';
import { type LoadClient, type LoadReader, readList } from '../load-client.js';
import { complain, mergeVerdicts, newVerdict, type Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

/** MULTI, RPUSH, INCR, EXEC: both or neither, so that list and counter always agree. */
export class Transactions implements Workload {
  readonly name = 'multi';
  private readonly list: AppendLedger;
  private readonly counterKey: string;
  private readonly live = newVerdict();

  constructor(
    private readonly client: LoadClient,
    keyPrefix: string,
  ) {
    this.list = new AppendLedger(`${keyPrefix}:list`);
    this.counterKey = `${keyPrefix}:count`;
  }

  run(run: RunContext): Promise<void> {
    const { meter } = run;
    return repeat(run, () => {
      const number = this.list.issue();
      const sentAt = meter.now();
      const sent = this.client.multi().rpush(this.list.key, this.list.entry(number)).incr(this.counterKey).exec();
      return settle(
        sent,
        (results) => this.account(run, number, results, sentAt),
        (error) => {
          this.list.fail(number, error);
          meter.failed(error);
        },
      );
    });
  }

  private account({ meter }: RunContext, number: number, results: [Error | null, unknown][] | null, at: number): void {
    const [append, count] = results ?? [];
    if (append === undefined || count === undefined) {
      // nil would mean that a watched key changed, and nothing is watched.
      complain(this.live, 'misanswered', `EXEC answered ${JSON.stringify(results)}`);
      this.list.fail(number, new Error('no results'));
      return;
    }
    const error = append[0] ?? count[0];
    if (error) meter.failed(error);
    if (append[0]) this.list.fail(number, append[0]);
    else this.list.ack(number, append[1]);
    if (!error && append[1] !== count[1]) {
      complain(this.live, 'torn', `${this.list.key}: length ${String(append[1])}, count ${String(count[1])}`);
    }
    if (!error) meter.wrote(at);
  }

  async survive(reader: LoadReader): Promise<number> {
    return this.list.survive(await readList(reader, this.list.key));
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return mergeVerdicts([this.live, await verifyCountedList(reader, this.list, this.counterKey)]);
  }
}
