import type { Book } from './book.js';
import type { Intake } from './intake.js';
import { Mark } from './mark.js';
import { EXEC_ABORT, type WireCode, wireError } from './session-error.js';
import { pastTransaction, settleUnknown } from './uncertain.js';

const OK = Buffer.from('+OK\r\n');

export interface GivenUp {
  /** Commands that the client waited for and that were answered with the error. */
  readonly commands: number;
  /** Commands, or transactions, that were answered UNCERTAIN. */
  readonly uncertain: number;
}

/**
 * Gives up the commands before index `upTo`: they are answered with the error `code` and never sent (again). Of those that
 * may have run already, UNCERTAIN is said instead. A transaction is given up as a whole, to its EXEC, even where that comes
 * only later.
 */
export function expire(book: Book, intake: Intake, upTo: number, code: WireCode, detail: string | undefined): GivenUp {
  const { ledger } = book;
  const error = wireError(code, detail);
  const unknown = wireError('UNCERTAIN', detail);
  let commands = 0;
  let uncertain = 0;
  let index = ledger.base;
  while (index < ledger.tail && index < upTo) {
    const inTransaction = (ledger.marks(index) & Mark.Transaction) !== 0;
    const end = inTransaction ? pastTransaction(ledger, index, ledger.tail) : index + 1;
    if (end > ledger.tail) intake.loseTransaction(error);
    else if (mayHaveRun(book, end - 1)) {
      settleUnknown(book, end - 1, unknown, false);
      uncertain++;
    }
    for (; index < Math.min(end, ledger.tail); index++) if (giveUp(book, index, error)) commands++;
  }
  book.altered = true;
  return { commands, uncertain };
}

/** It was answered by a node that may have been the primary, or was on the wire when a connection was lost. */
function mayHaveRun(book: Book, index: number): boolean {
  const entry = book.ledger.note(index);
  const marks = book.ledger.marks(index);
  if ((marks & Mark.Write) === 0) return false;
  return entry?.provisional === true || (entry?.answer === undefined && (marks & Mark.Lost) !== 0);
}

/** Returns whether the client is told of it only now. */
function giveUp(book: Book, index: number, error: Buffer): boolean {
  const { ledger } = book;
  const entry = ledger.annotate(index, { is: 'plain' });
  const { is } = entry.role;
  // What the node had of it is no transaction of the client's any more.
  ledger.clearMark(index, Mark.Transaction);
  entry.resend = false;
  if (entry.answer !== undefined && !entry.provisional) return false;
  entry.answer = is === 'exec' ? EXEC_ABORT : is === 'quit' ? OK : error;
  entry.provisional = false;
  entry.instead = undefined;
  if (is !== 'quit') entry.role = { is: 'plain' };
  return index >= book.given;
}
