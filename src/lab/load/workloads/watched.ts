import { type LoadClient, type LoadReader, readList } from '../load-client.js';
import type { Verdict } from '../verdict.js';
import { WatchLedger } from '../watch-ledger.js';
import { type RunContext, repeat, settle, type Workload } from '../workload.js';

/** Optimistic transactions of several clients on one key. WATCH belongs to a connection, so each has one of its own. */
export class Watched implements Workload {
  readonly name = 'watch';
  private readonly ledger = new WatchLedger();
  private readonly counterKey: string;
  private readonly listKey: string;

  constructor(
    private readonly clients: readonly LoadClient[],
    keyPrefix: string,
  ) {
    this.counterKey = `${keyPrefix}:count`;
    this.listKey = `${keyPrefix}:list`;
  }

  async run(run: RunContext): Promise<void> {
    await Promise.all(this.clients.map((client) => repeat(run, () => this.raise(run, client))));
  }

  private async raise({ meter }: RunContext, client: LoadClient): Promise<boolean> {
    let next: string;
    try {
      await client.watch(this.counterKey);
      next = String(Number((await client.get(this.counterKey)) ?? 0) + 1);
    } catch (error) {
      meter.failed(error as Error); // nothing was sent that writes
      return false;
    }
    this.ledger.sent();
    const sentAt = meter.now();
    return settle(
      client.multi().set(this.counterKey, next).rpush(this.listKey, next).exec(),
      (results) => {
        const failure = results?.find(([error]) => error !== null)?.[0];
        if (failure) {
          this.ledger.failed(failure);
          meter.failed(failure);
        } else {
          this.ledger.answered(results !== null);
          if (results !== null) meter.wrote(sentAt);
        }
      },
      (error) => {
        this.ledger.failed(error);
        meter.failed(error);
      },
    );
  }

  async verify(reader: LoadReader): Promise<Verdict> {
    return this.ledger.verify(await reader.get(this.counterKey), await readList(reader, this.listKey));
  }
}
