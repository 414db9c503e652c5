import { AppendLedger } from '../append-ledger.js';
import { verifyCountedList } from '../counted-list.js';
import { type LoadBatch, type LoadClient, type LoadReader, readList } from '../load-client.js';
import { complain, mergeVerdicts, newVerdict, type Verdict } from '../verdict.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

const appendAndCount = `
local place = redis.call('RPUSH', KEYS[1], ARGV[1])
local count = redis.call('INCR', KEYS[2])
return {ARGV[1], place, count}
`;

type Reply = [entry: string, place: number, count: number];
interface WithScript {
  segueAppend(listKey: string, counterKey: string, entry: string): Promise<Reply>;
}
interface BatchWithScript {
  segueAppend(listKey: string, counterKey: string, entry: string): LoadBatch;
}

/** A Lua script that appends, counts and returns what it was given: called alone and, every fourth time, inside MULTI. */
export class Scripts implements Workload {
  readonly name = 'script';
  private readonly list: AppendLedger;
  private readonly counterKey: string;
  private readonly live = newVerdict();

  constructor(
    private readonly client: LoadClient,
    keyPrefix: string,
  ) {
    this.list = new AppendLedger(`${keyPrefix}:list`);
    this.counterKey = `${keyPrefix}:count`;
    client.defineCommand('segueAppend', { numberOfKeys: 2, lua: appendAndCount });
  }

  run(run: RunContext): Promise<void> {
    const { meter } = run;
    return repeat(run, () => {
      const number = this.list.issue();
      const sentAt = meter.now();
      return settle(
        number % 4 === 3 ? this.callInMulti(number) : this.call(number),
        ([entry, place, count]) => {
          this.list.ack(number, place);
          if (entry !== this.list.entry(number)) complain(this.live, 'misanswered', `${entry} for entry ${number}`);
          if (place !== count) complain(this.live, 'torn', `${this.list.key}: length ${place}, count ${count}`);
          meter.wrote(sentAt);
        },
        (error) => {
          this.list.fail(number, error);
          meter.failed(error);
        },
      );
    });
  }

  private call(number: number): Promise<Reply> {
    const client = this.client as unknown as WithScript;
    return client.segueAppend(this.list.key, this.counterKey, this.list.entry(number));
  }

  private async callInMulti(number: number): Promise<Reply> {
    const batch = this.client.multi() as unknown as BatchWithScript;
    const results = await batch.segueAppend(this.list.key, this.counterKey, this.list.entry(number)).exec();
    const result = results?.[0];
    if (result === undefined) throw new Error(`EXEC answered ${JSON.stringify(results)}`);
    if (result[0]) throw result[0];
    return result[1] as Reply;
  }

  async survive(reader: LoadReader): Promise<number> {
    return this.list.survive(await readList(reader, this.list.key));
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return mergeVerdicts([this.live, await verifyCountedList(reader, this.list, this.counterKey)]);
  }
}
