import type { Book } from './book.js';
import type { Note } from './ledger.js';
import { Mark } from './mark.js';
import { isError, isNil, provesNotRun, type Refusal, refusalOf } from './refusal.js';
import type { Family, Subscriptions } from './subscriptions.js';
import { pastTransaction, settleLost } from './uncertain.js';

/**
 * What the node that is being left still answers, from the cut on. For each command sent it decides whether it is to run
 * again elsewhere, or has run and keeps its answer:
 *
 * - refused, or read-only: again, so that program order holds and no read is stale;
 * - a write that succeeded or failed by itself: the node was writable again by then, the answer stands;
 * - neither (a script, PUBLISH): on a demoted node it wrote nothing, on a primary it ran. Where the node may have been
 *   demoted, the answer is kept provisionally until the topology says which it was.
 *
 * A transaction is one such command: what its EXEC says goes for all of it.
 */
export class Drain {
  /** The next command to be answered. */
  #at: number;
  /** Confirmations that came for the (un)subscription at hand. */
  #confirmed = 0;
  /** What the connection is subscribed to. The client knows nothing of the changes behind the cut. */
  readonly #subscriptions: Subscriptions;
  /** Answers within the transaction at hand, by index. */
  #transaction: Map<number, Buffer> | undefined;
  /** A command of the transaction at hand was refused: it cannot commit. */
  #aborted = false;
  /** Answers of the WATCHes in force. */
  readonly #watches = new Map<number, Buffer>();
  /** The node executes nothing more of this connection. */
  #closing: boolean;
  /** Nothing since shows that the node is writable. */
  #doubtful: boolean;
  /** Answers that came, the refusal that was the cut being the first; and those of them that stand. */
  #taken = 1;
  #kept = 0;

  constructor(
    private readonly book: Book,
    refusal: Refusal,
  ) {
    this.#closing = refusal.closing;
    this.#doubtful = refusal.doubtful;
    this.#subscriptions = book.identity.subscriptions.copy();
    // The refused command itself. In a transaction, the rest of it up to EXEC belongs to the same cut.
    this.#at = book.ledger.head;
    if (book.transaction !== undefined && book.ledger.note(this.#at)?.role.is !== 'exec') this.#abort();
    this.#next();
  }

  get done(): boolean {
    return this.#at >= this.book.ledger.sent;
  }

  /** The command whose answer comes next. */
  get at(): number {
    return this.#at;
  }

  /** The note of the command whose answer comes next. */
  get expected(): Note | undefined {
    return this.done ? undefined : this.book.ledger.note(this.#at);
  }

  /** The connection is subscribed to something. */
  get subscribed(): boolean {
    return this.#subscriptions.size > 0;
  }

  /** Answers that came and are not used: their commands run again. */
  get discarded(): number {
    return this.#taken - this.#kept;
  }

  /** The answer to the next command. The frame is the drain's from now on. */
  take(frame: Buffer): void {
    const { ledger } = this.book;
    this.#taken++;
    const index = this.#at;
    const marks = ledger.marks(index);
    const refusal = refusalOf(frame, marks);
    if (refusal?.closing === true) this.#closing = true;
    if (refusal?.doubtful === true) this.#doubtful = true;
    if (ledger.note(index)?.role.is === 'reset') this.#subscriptions.clear();
    const notRun = refusal !== undefined || provesNotRun(frame);
    if ((marks & Mark.Transaction) !== 0) this.#takeInTransaction(index, frame, notRun);
    else if (!notRun && (marks & Mark.Write) !== 0) this.#keep(index, frame, this.#ran(marks, frame));
    else this.#watch(index, frame);
    this.#next();
  }

  /** One confirmation of a (un)subscription. It will be made again elsewhere. Returns true: it is no answer. */
  confirm(is: 'subscribed' | 'unsubscribed', family: Family, name: string | undefined): true {
    this.#subscriptions.confirm(is, family, name);
    const role = this.expected?.role;
    if (role?.is !== 'subscribe' && role?.is !== 'unsubscribe') return true;
    this.#confirmed++;
    if (role.names.length > 0 ? this.#confirmed >= role.names.length : this.#subscriptions.of(family).size === 0)
      this.#next();
    return true;
  }

  #takeInTransaction(index: number, frame: Buffer, notRun: boolean): void {
    const { ledger } = this.book;
    const entry = ledger.note(index);
    const role = entry?.role.is;
    if (role === 'multi') this.#begin();
    this.#transaction?.set(index, frame);
    if (role !== 'exec' && role !== 'discard' && role !== 'reset') {
      if (notRun) this.#abort();
      return;
    }
    const marks = ledger.marks(index);
    const ran = role === 'exec' && !notRun && !isError(frame) && !isNil(frame) && entry?.instead === undefined;
    if (ran && (marks & Mark.Write) !== 0) this.#keepTransaction(this.#ran(marks, frame));
    this.#transaction = undefined;
    this.#aborted = false;
    this.#watches.clear();
  }

  #begin(): void {
    this.#transaction = new Map();
    this.#aborted = false;
  }

  /** The transaction at hand will run again, whatever is said of it. */
  #abort(): void {
    this.#transaction = undefined;
    this.#aborted = true;
  }

  /** The transaction that was executed keeps its answers. What it did to the connection is done again on the next. */
  #keepTransaction(ran: 'surely' | 'perhaps'): void {
    if (this.#transaction === undefined) return;
    for (const [at, answer] of this.#watches) this.#keep(at, answer, ran);
    for (const [at, answer] of this.#transaction) {
      const changes = this.book.ledger.note(at)?.role.is === 'change';
      this.#keep(at, answer, ran);
      if (changes) this.book.ledger.note(at)!.resend = true;
    }
  }

  #watch(index: number, frame: Buffer): void {
    const role = this.book.ledger.note(index)?.role.is;
    if (role === 'watch') this.#watches.set(index, frame);
    if (role === 'unwatch' || role === 'reset') this.#watches.clear();
  }

  #ran(marks: number, frame: Buffer): 'surely' | 'perhaps' {
    if ((marks & Mark.Murky) !== 0) return this.#doubtful ? 'perhaps' : 'surely';
    if (!isError(frame)) this.#doubtful = false;
    return 'surely';
  }

  #keep(index: number, answer: Buffer, ran: 'surely' | 'perhaps'): void {
    const entry = this.book.ledger.annotate(index, { is: 'plain' });
    this.#kept++;
    entry.answer = answer;
    entry.kept = true;
    entry.provisional = ran === 'perhaps';
  }

  #next(): void {
    const { ledger } = this.book;
    this.#confirmed = 0;
    this.#at++;
    while (this.#at < ledger.sent && isSettled(ledger.note(this.#at))) this.#at++;
  }

  /** The connection is gone: settles what it still owed. Returns how many commands became uncertain. */
  lost(node: string, retry: boolean): number {
    if (this.#closing) return 0;
    const { ledger } = this.book;
    const from = this.#aborted ? pastTransaction(ledger, this.#at, ledger.sent) : this.#at;
    return settleLost(this.book, from, node, retry);
  }
}

/** Settled for good: no answer to it is awaited. */
function isSettled(entry: Note | undefined): boolean {
  return entry?.answer !== undefined && !entry.provisional && !entry.resend;
}
