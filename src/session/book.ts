import { Identity } from './identity.js';
import { Ledger } from './ledger.js';
import { Log } from './log.js';
import { ScanCursors } from './scan-cursors.js';

const NOTHING = Buffer.alloc(0);

/** All that a session remembers: bytes, commands, who the client is, and its open transaction. */
export class Book {
  readonly log = new Log();
  readonly ledger = new Ledger();
  readonly cursors = new ScanCursors();
  /** The client has its answers to all commands before this index, also where they are to be replayed. */
  given = 0;
  /** Log position up to which bytes were handed to the current link (or need not be). */
  handed = 0;
  /** Commands in [sent, tail) may have something to be sent instead of their own bytes, or nothing at all. */
  altered = false;
  /** Index of the MULTI of the transaction that is open at the head; undefined outside one. */
  transaction: number | undefined;
  /** A WATCH is in force at the head. */
  watching = false;

  constructor(readonly identity: Identity = new Identity()) {}

  /** Lets go of everything that is settled and belongs to nothing that is open: a transaction, CLIENT CACHING. */
  tidy(): void {
    const { ledger } = this;
    let keep = this.transaction ?? ledger.head;
    if (keep > ledger.base && ledger.notes > 0 && ledger.note(keep - 1)?.role.is === 'caching') keep--;
    const position = ledger.release(keep);
    if (position > this.log.base) this.log.trim(position);
  }

  /** What stands before log position `position`, behind the last command, is none: nobody answers empty lines. */
  skip(position: number): void {
    this.ledger.skip(position);
    if (this.ledger.tail > this.ledger.base) return;
    this.handed = Math.max(this.handed, position);
    this.log.trim(position);
  }

  /** The bytes of command `index` as the client sent them. */
  bytesOf(index: number): Buffer {
    return this.log.read(this.ledger.start(index), this.ledger.end(index));
  }

  /**
   * Of the `most` commands that stand `behind` others in front of the newest, those at the end that only read: to run them
   * again changes nothing. The bytes are a view, or a copy where they lie apart.
   */
  lastReads(behind: number, most: number): { bytes: Buffer; commands: number } {
    const { ledger } = this;
    const to = ledger.tail - behind;
    let from = to;
    while (from > to - most && ledger.marks(from - 1) === 0) from--;
    const bytes = from === to ? NOTHING : this.log.read(ledger.start(from), ledger.end(to - 1));
    return { bytes, commands: to - from };
  }

  /** The command whose answer comes next may wait in the server for as long as it likes. */
  get blocked(): boolean {
    return this.ledger.unanswered > 0 && this.ledger.note(this.ledger.head)?.role.is === 'blocking';
  }

  /** Everything that is retained is to be sent again. */
  rewind(): void {
    const { ledger } = this;
    this.given = Math.max(this.given, ledger.head);
    ledger.rewind();
    this.handed = ledger.start(ledger.base);
    this.transaction = undefined;
    this.altered = true;
  }
}
