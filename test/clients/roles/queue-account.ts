import type { Verdict } from '../../../src/lab/load/index.js';
import { QueueLedger } from '../../../src/lab/load/queue-ledger.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import type { ReportLine } from '../report-line.js';
import { type Account, readWholeList, unknown } from './account.js';

/** A producer, and a consumer that waits in BLPOP without an end. */
export class QueueAccount implements Account {
  readonly #ledger: QueueLedger;
  readonly #consumer: number;
  #issued = 0;

  constructor(private readonly prefix: string) {
    this.#ledger = new QueueLedger(`${prefix}:produce`);
    this.#consumer = this.#ledger.addConsumer();
  }

  take(role: string, line: ReportLine): void {
    if (role === 'consume') this.#consume(line);
    else this.#produce(line);
  }

  #produce(line: ReportLine): void {
    const number = line.ack ?? line.fail;
    if (number === undefined) return;
    for (; this.#issued <= number; this.#issued++) this.#ledger.issue();
    if (line.ack === undefined) this.#ledger.fail(number, unknown(line));
    else this.#ledger.ack(number);
  }

  #consume(line: ReportLine): void {
    if (line.got === undefined && line.error === undefined) return;
    this.#ledger.popSent();
    if (line.got === undefined) this.#ledger.popFailed(unknown(line));
    else this.#ledger.popAnswered(this.#consumer, line.got);
  }

  async verify(primary: LabServer): Promise<Verdict> {
    return this.#ledger.verify(await readWholeList(primary, `${this.prefix}:queue`));
  }
}
