import { AppendLedger } from '../../../src/lab/load/append-ledger.js';
import { mergeVerdicts, newVerdict, type Verdict } from '../../../src/lab/load/index.js';
import { complain } from '../../../src/lab/load/verdict.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import type { ReportLine } from '../report-line.js';
import { type Account, readWholeList, refused, unknown } from './account.js';

/** A list that one program appends numbered entries to, and what else each step of it says. */
export class ListAccount implements Account {
  readonly #ledger: AppendLedger;
  readonly #live = newVerdict();
  #failed = false;

  constructor(
    private readonly key: string,
    /** Looks at what else a step says; returns what is wrong with it. Not asked once a step has failed. */
    private readonly look: (line: ReportLine, entry: string) => string | undefined = () => undefined,
  ) {
    this.#ledger = new AppendLedger(key);
  }

  take(_role: string, line: ReportLine): void {
    const number = line.ack ?? line.again ?? line.fail;
    if (number === undefined) return;
    while (this.#ledger.issued <= number) this.#ledger.issue();
    if (line.ack === undefined) {
      this.#ledger.fail(number, line.again === undefined ? unknown(line) : refused);
      this.#failed ||= line.fail !== undefined;
      return;
    }
    this.#ledger.ack(number, line.reply);
    const wrong = this.#failed ? undefined : this.look(line, this.#ledger.entry(number));
    if (wrong !== undefined) complain(this.#live, 'misanswered', wrong);
  }

  async verify(primary: LabServer): Promise<Verdict> {
    return mergeVerdicts([this.#live, this.#ledger.verify(await readWholeList(primary, this.key))]);
  }
}

/** Three commands a step: the entry, a counter, and a read of what was just written. */
export function single(prefix: string): Account {
  return new ListAccount(`${prefix}:single`, ({ ack, count, read }, entry) => {
    if (count !== ack! + 1) return `${prefix}:count is ${count} after ${ack! + 1} increments`;
    return read === entry ? undefined : `${prefix}:single ended with ${read} after ${entry} was written`;
  });
}

/** The entry and a version in one transaction: both or neither, whatever a switch does. */
export function transaction(prefix: string): Account {
  return new ListAccount(`${prefix}:transaction`, ({ reply, version }) =>
    reply === version ? undefined : `${reply} entries and version ${version} in one transaction`,
  );
}
