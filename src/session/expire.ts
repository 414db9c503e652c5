import type { Book } from './book.js';
import type { Intake } from './intake.js';
import { Mark } from './ledger.js';
import { EXEC_ABORT } from './session-error.js';

/**
 * Gives up the commands before index `upTo`: they are answered with `error` and never sent (again). A transaction is given
 * up as a whole, to its EXEC, even where that comes only later. Returns how many commands were given up.
 */
export function expire(book: Book, intake: Intake, upTo: number, error: Buffer): number {
  const { ledger } = book;
  let commands = 0;
  let open = false;
  for (let index = ledger.base; index < ledger.tail && (index < upTo || open); index++) {
    const role = ledger.note(index)?.role.is;
    open = (ledger.marks(index) & Mark.Transaction) !== 0 && role !== 'exec' && role !== 'discard' && role !== 'reset';
    const entry = ledger.annotate(index, { is: 'plain' });
    if (entry.answer === undefined || entry.provisional) {
      entry.answer = role === 'exec' ? EXEC_ABORT : error;
      entry.provisional = false;
      entry.instead = undefined;
      if (role !== 'quit') entry.role = { is: 'plain' };
      if (index >= book.given) commands++;
    }
    // What the node had of it is no transaction of the client's any more.
    ledger.clearMark(index, Mark.Transaction);
  }
  if (open) intake.loseTransaction(error);
  book.altered = true;
  return commands;
}
