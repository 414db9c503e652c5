import type { Book } from './book.js';
import { Mark, type Note } from './ledger.js';
import { provesNotRun, refusalOf } from './refusal.js';
import { wireError } from './session-error.js';

const QUEUED = Buffer.from('+QUEUED\r\n');
const OK = Buffer.from('+OK\r\n');

/**
 * What the node that is being left still answers, from the cut on. For each command sent it decides whether it is to run
 * again elsewhere, or has run and keeps its answer:
 *
 * - refused, or read-only: again, so that program order holds and no read is stale;
 * - a write that succeeded or failed by itself: the node was writable again by then, the answer stands;
 * - neither (a script, PUBLISH): on a demoted node it wrote nothing, on a primary it ran. The answer is kept
 *   provisionally until the topology says which it was.
 *
 * A transaction is one such command: what its EXEC says goes for all of it.
 */
export class Drain {
  /** The next command to be answered. */
  #at: number;
  /** Answers within the transaction at hand, by index. */
  #transaction: Map<number, Buffer> | undefined;
  /** The node executes nothing more of this connection. */
  #closing: boolean;

  constructor(
    private readonly book: Book,
    closing: boolean,
  ) {
    this.#closing = closing;
    // The refused command itself. In a transaction, the rest of it up to EXEC belongs to the same cut.
    this.#at = book.ledger.head;
    if (book.transaction !== undefined) this.#transaction = new Map();
    this.#next();
  }

  get done(): boolean {
    return this.#at >= this.book.ledger.sent;
  }

  /** The answer to the next command. The frame is the drain's from now on. */
  take(frame: Buffer): void {
    const { ledger } = this.book;
    const index = this.#at;
    const marks = ledger.marks(index);
    const refusal = refusalOf(frame, marks);
    if (refusal?.closing === true) this.#closing = true;
    const again = refusal !== undefined || provesNotRun(frame) || (marks & Mark.Write) === 0;
    if ((marks & Mark.Transaction) !== 0) this.#takeInTransaction(index, frame, again);
    else if (!again) this.#keep(index, frame, (marks & Mark.Murky) !== 0);
    this.#next();
  }

  #takeInTransaction(index: number, frame: Buffer, again: boolean): void {
    const entry = this.book.ledger.note(index);
    const role = entry?.role.is;
    if (role === 'multi') this.#transaction = new Map();
    this.#transaction?.set(index, frame);
    if (role !== 'exec' && role !== 'discard') return;
    const aborted = frame[0] === 0x2d;
    const provisional = (this.book.ledger.marks(index) & Mark.Murky) !== 0;
    // Whose MULTI the client knows to be open was cut before this drain began: it is to run again whatever is said.
    const whole = this.#transaction?.size === this.#sizeUpTo(index);
    if (role === 'exec' && !again && !aborted && whole && entry?.instead === undefined) {
      for (const [at, answer] of this.#transaction ?? []) this.#keep(at, answer, provisional);
    }
    this.#transaction = undefined;
  }

  /** Commands from the MULTI that belongs to the EXEC at `index`, both included. */
  #sizeUpTo(index: number): number {
    let first = index;
    while (this.book.ledger.note(first)?.role.is !== 'multi' && first > this.book.ledger.base) first--;
    return index - first + 1;
  }

  #keep(index: number, answer: Buffer, provisional: boolean): void {
    const entry = this.book.ledger.annotate(index, { is: 'plain' });
    entry.answer = answer;
    entry.provisional = provisional;
  }

  #next(): void {
    const { ledger } = this.book;
    this.#at++;
    while (this.#at < ledger.sent && hasAnswer(ledger.note(this.#at))) this.#at++;
  }

  /** The connection is gone: settles what it still owed. */
  lost(node: string, retry: boolean): void {
    if (!this.#closing) settleLost(this.book, this.#at, node, retry);
  }
}

function hasAnswer(entry: Note | undefined): boolean {
  return entry?.answer !== undefined && !entry.provisional;
}

/**
 * The connection is gone and the commands [from, sent) have no answer. What may have run and must not run twice is
 * answered UNCERTAIN; the rest will run again. Of a transaction whose EXEC was sent, EXEC gets the error, once.
 */
export function settleLost(book: Book, from: number, node: string, retry: boolean): void {
  if (retry) return;
  const { ledger } = book;
  for (let index = from; index < ledger.sent; index++) {
    const marks = ledger.marks(index);
    const entry = ledger.note(index);
    if (entry?.answer !== undefined) continue;
    if (entry?.role.is === 'quit') entry.answer = OK;
    else if ((marks & Mark.Transaction) !== 0) index = settleLostTransaction(book, index, node);
    else if ((marks & Mark.Write) !== 0) ledger.annotate(index, { is: 'plain' }).answer = wireError('UNCERTAIN', node);
  }
}

/** Settles the transaction around `index`; returns the last index that belongs to it. */
function settleLostTransaction(book: Book, index: number, node: string): number {
  const { ledger } = book;
  let exec = index;
  while (exec < ledger.sent && ledger.note(exec)?.role.is !== 'exec' && ledger.note(exec)?.role.is !== 'discard')
    exec++;
  const entry = exec < ledger.sent ? ledger.note(exec) : undefined;
  if (entry?.role.is !== 'exec' || (ledger.marks(exec) & Mark.Write) === 0 || entry.instead !== undefined) return exec;
  entry.answer = wireError('UNCERTAIN', node);
  for (let inner = exec - 1; inner >= ledger.base; inner--) {
    const innerEntry = ledger.annotate(inner, { is: 'plain' });
    innerEntry.answer ??= innerEntry.role.is === 'multi' ? OK : QUEUED;
    if (innerEntry.role.is === 'multi') break;
  }
  return exec;
}

/** The topology has spoken: provisional answers stand, or the commands run again. */
export function resolveProvisional(book: Book, kept: boolean): void {
  const { ledger } = book;
  for (let index = ledger.base; index < ledger.tail; index++) {
    const entry = ledger.note(index);
    if (entry?.provisional !== true) continue;
    entry.provisional = false;
    if (!kept) entry.answer = undefined;
  }
}
