import type { Book } from './book.js';
import type { Ledger } from './ledger.js';
import { Mark } from './mark.js';
import { endsTransaction, endsWatch } from './role.js';
import { wireError } from './session-error.js';
import type { Verdict } from './verdict.js';

const QUEUED = Buffer.from('+QUEUED\r\n');
const OK = Buffer.from('+OK\r\n');

/**
 * The connection is gone and the commands [from, sent) have no answer. What may have run and must not run twice is
 * answered UNCERTAIN, or with `retry` runs again; the rest runs again in any case. Of a transaction whose EXEC was sent,
 * EXEC gets the error, once. Returns how many commands are uncertain.
 */
export function settleLost(book: Book, from: number, node: string, retry: boolean): number {
  const { ledger } = book;
  const error = wireError('UNCERTAIN', node);
  let uncertain = 0;
  for (let index = from; index < ledger.sent; index++) {
    const entry = ledger.note(index);
    if (entry?.answer !== undefined) continue;
    if (entry?.role.is === 'quit') {
      entry.answer = OK;
      continue;
    }
    const inTransaction = (ledger.marks(index) & Mark.Transaction) !== 0;
    if (inTransaction) index = pastTransaction(ledger, index, ledger.sent) - 1;
    if (index >= ledger.sent || !mayRunTwice(ledger, index)) continue;
    settleUnknown(book, index, error, retry);
    uncertain++;
  }
  return uncertain;
}

/** Nobody knows whether the command at `index`, or the transaction that it ends, was executed. */
export function settleUnknown(book: Book, index: number, error: Buffer, retry: boolean): void {
  const { ledger } = book;
  if (retry) ledger.addMark(index, Mark.Lost);
  else if ((ledger.marks(index) & Mark.Transaction) !== 0) settleTransaction(book, index, error);
  else {
    const entry = ledger.annotate(index, { is: 'plain' });
    entry.answer = error;
    entry.provisional = false;
  }
}

/** Whether it matters that the command at `index`, or the transaction that it ends, was executed. */
function mayRunTwice(ledger: Ledger, index: number): boolean {
  const marks = ledger.marks(index);
  if ((marks & Mark.Write) === 0) return false;
  if ((marks & Mark.Transaction) === 0) return true;
  const entry = ledger.note(index);
  return entry?.role.is === 'exec' && entry.instead === undefined;
}

/** The EXEC at `exec` is answered with `error`; the commands before it as if they had been queued. None is sent again. */
function settleTransaction(book: Book, exec: number, error: Buffer): void {
  const { ledger } = book;
  let index = exec;
  for (; index >= ledger.base; index--) {
    const entry = ledger.annotate(index, { is: 'plain' });
    if (index === exec) entry.answer = error;
    else entry.answer ??= entry.role.is === 'multi' ? OK : QUEUED;
    entry.provisional = false;
    entry.resend = false;
    if (entry.role.is === 'multi') break;
  }
  settleWatches(book, index - 1);
}

/** The WATCHes up to `index` have ended with a transaction: they must not be in force on the next connection. */
function settleWatches(book: Book, index: number): void {
  const { ledger } = book;
  for (let at = index; at >= ledger.base && !endsWatch(ledger.note(at)?.role); at--) {
    const entry = ledger.note(at);
    if (entry?.role.is !== 'watch') continue;
    entry.answer ??= OK;
    entry.provisional = false;
  }
}

/** Index just past the command that ends the transaction at `from`; more than `to` when that is not before `to`. */
export function pastTransaction(ledger: Ledger, from: number, to: number): number {
  let index = from;
  while (index < to && !endsTransaction(ledger.note(index)?.role)) index++;
  return index + 1;
}

export function hasProvisional({ ledger }: Book): boolean {
  for (let index = ledger.base; index < ledger.tail && ledger.notes > 0; index++) {
    if (ledger.note(index)?.provisional === true) return true;
  }
  return false;
}

/**
 * It is known, as far as it can be, what the provisional answers are worth. Returns how many commands run again, and of how
 * many it is uncertain whether they ran.
 */
export function resolveProvisional(
  book: Book,
  verdict: Verdict,
  node: string,
  retry: boolean,
): { again: number; uncertain: number } {
  const { ledger } = book;
  let again = 0;
  let uncertain = 0;
  for (let index = ledger.base; index < ledger.tail && ledger.notes > 0; index++) {
    const entry = ledger.note(index);
    if (entry?.provisional !== true) continue;
    entry.provisional = false;
    if (verdict === 'again' || (verdict === 'unknown' && retry)) {
      entry.answer = undefined;
      entry.kept = false;
      again++;
    }
    if (verdict !== 'unknown' || !mayRunTwice(ledger, index)) continue;
    settleUnknown(book, index, wireError('UNCERTAIN', node), retry);
    uncertain++;
  }
  return { again, uncertain };
}
