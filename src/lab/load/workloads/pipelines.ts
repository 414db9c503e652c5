import { AppendLedger } from '../append-ledger.js';
import { CounterLedger } from '../counter-ledger.js';
import { type LoadClient, type LoadReader, readList } from '../load-client.js';
import { complain, mergeVerdicts, newVerdict, type Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

type Planned = { kind: 'append'; number: number } | { kind: 'increment' } | { kind: 'read' };
type Results = [Error | null, unknown][];

/** Pipelines of RPUSH, INCR and, after each few, GET of the counter, which must show what the same pipeline did to it. */
export class Pipelines implements Workload {
  readonly name = 'pipeline';
  private readonly list: AppendLedger;
  private readonly counter: CounterLedger;
  private readonly live = newVerdict();
  /** The pipeline under way was begun at a primary that died: what it wrote there, a read elsewhere need not show. */
  private spansLoss = false;

  constructor(
    private readonly client: LoadClient,
    keyPrefix: string,
    private readonly length = 100,
  ) {
    this.list = new AppendLedger(`${keyPrefix}:list`);
    this.counter = new CounterLedger(`${keyPrefix}:count`);
  }

  run(run: RunContext): Promise<void> {
    return repeat(run, () => {
      const plan = this.plan();
      const batch = this.client.pipeline();
      for (const each of plan) {
        if (each.kind === 'append') batch.rpush(this.list.key, this.list.entry(each.number));
        else if (each.kind === 'increment') batch.incr(this.counter.key);
        else batch.get(this.counter.key);
      }
      const sentAt = run.meter.now();
      return settle(
        batch.exec(),
        (results) => this.account(run, plan, results ?? [], sentAt),
        (error) => this.account(run, plan, Array(plan.length).fill([error, undefined]), sentAt),
      );
    });
  }

  private plan(): Planned[] {
    return Array.from({ length: this.length }, (_, index): Planned => {
      if (index % 10 === 9) return { kind: 'read' };
      if (index % 2 === 1) {
        this.counter.issue();
        return { kind: 'increment' };
      }
      return { kind: 'append', number: this.list.issue() };
    });
  }

  private account({ meter }: RunContext, plan: Planned[], results: Results, sentAt: number): void {
    if (results.length !== plan.length) {
      complain(this.live, 'misanswered', `${results.length} replies to a pipeline of ${plan.length}`);
    }
    let counted: unknown;
    for (const [index, each] of plan.entries()) {
      const result = results[index];
      if (result === undefined) continue; // stays unsettled
      const [error, reply] = result;
      if (each.kind === 'append') {
        if (error) this.list.fail(each.number, error);
        else this.list.ack(each.number, reply);
      } else if (each.kind === 'increment') {
        counted = error ? undefined : reply;
        if (error) this.counter.fail(error);
        else this.counter.ack(reply);
      } else if (!error && !this.spansLoss && counted !== undefined && reply !== String(counted)) {
        complain(this.live, 'stale', `${this.counter.key}: read ${String(reply)} after ${String(counted)}`);
      }
      if (error) meter.failed(error);
    }
    this.spansLoss = false;
    const written = plan.filter((each, index) => each.kind !== 'read' && results[index]?.[0] === null).length;
    if (written > 0) meter.wrote(sentAt, written);
  }

  async survive(reader: LoadReader): Promise<number> {
    this.spansLoss = true;
    const appended = this.list.survive(await readList(reader, this.list.key));
    return appended + this.counter.survive(await reader.get(this.counter.key));
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return mergeVerdicts([
      this.live,
      this.list.verify(await readList(reader, this.list.key)),
      this.counter.verify(await reader.get(this.counter.key)),
    ]);
  }
}
