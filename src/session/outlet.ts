import type { Book } from './book.js';

/** The side of a connection to a node that a session needs. `Link` of the transport layer is one. */
export interface Upstream {
  /** Not being dialled yet: it waits for its turn, and the time for joining has not begun. */
  readonly queued?: boolean;
  /** Open, and all that was written has left the process. */
  readonly writable: boolean;
  /** By reference until `writable` again. */
  write(chunk: Buffer): void;
  /** What is written until uncork() leaves in one system call. */
  cork(): void;
  uncork(): void;
  pause(): void;
  resume(): void;
  /** Within onData: nobody refers to the chunk any more, its memory may be used again. */
  spent(): void;
  /** At once. */
  close(): void;
  /** When there is time: nothing is outstanding, nothing more is wanted. */
  retire(): void;
}

/** What a connection tells the session: `LinkHandlers` of the transport layer. */
export interface UpstreamHandlers {
  /** It is `queued` no more. */
  onTurn?(): void;
  onOpen(): void;
  onData(chunk: Buffer): void;
  onWritable(): void;
  onClose(error?: Error): void;
}

/** Nothing of a command that is not wholly sent was written: another one may be. */
export function isBetweenCommands({ handed, ledger }: Book): boolean {
  return handed <= ledger.start(ledger.sent);
}

/** Bytes given to the kernel in one go: what is not yet given when a connection is lost was surely not executed. */
const BATCH_BYTES = 256 * 1024;

/** Sends what waits before index `upTo`, as far as the connection takes it. Only whole commands leave the book. */
export function flush(book: Book, link: Upstream, upTo = book.ledger.tail): void {
  const { ledger } = book;
  if (!link.writable || ledger.sent >= upTo) return;
  if (book.altered) {
    flushAltered(book, link, upTo);
    return;
  }
  const complete = writeOwn(book, link, ledger.end(upTo - 1));
  ledger.sentUpTo(complete ? upTo : ledger.firstEndingAfter(book.handed));
}

/** Writes the log up to `end`. False: the connection is full, and `book.handed` says how far it came. */
function writeOwn(book: Book, link: Upstream, end: number): boolean {
  if (book.handed >= end) return true;
  const whole = end - book.handed <= BATCH_BYTES ? book.log.view(book.handed, end) : undefined;
  if (whole !== undefined) {
    if (!link.writable) return false;
    book.handed = end;
    link.write(whole);
    return true;
  }
  for (const batch of book.log.batches(book.handed, end, BATCH_BYTES)) {
    if (!link.writable) return false;
    link.cork();
    for (const part of batch) {
      book.handed += part.length;
      link.write(part);
    }
    link.uncork();
  }
  return true;
}

/** The slow way, command by command: after a move, and where a command is answered here or sent in another form. */
function flushAltered(book: Book, link: Upstream, upTo: number): void {
  const { ledger } = book;
  for (let index = ledger.sent; index < upTo; index++) {
    const entry = ledger.note(index);
    const skipped = entry?.answer !== undefined && !entry.resend;
    if (!skipped && entry?.instead === undefined) continue;
    if (!writeOwn(book, link, ledger.start(index))) {
      ledger.sentUpTo(ledger.firstEndingAfter(book.handed));
      return;
    }
    if (!skipped) {
      if (!link.writable) {
        ledger.sentUpTo(index);
        return;
      }
      link.write(entry!.instead!(book.bytesOf(index)));
    }
    book.handed = ledger.end(index);
    ledger.sentUpTo(index + 1);
  }
  if (ledger.sent < upTo) {
    const complete = writeOwn(book, link, ledger.end(upTo - 1));
    ledger.sentUpTo(complete ? upTo : ledger.firstEndingAfter(book.handed));
  }
  if (upTo === ledger.tail) book.altered = false;
}
