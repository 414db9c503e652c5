import type { Book } from './book.js';
import type { Drain } from './drain.js';
import { elementStarts } from './element-starts.js';
import { forgetCached } from './forget-cached.js';
import type { Note } from './ledger.js';
import { Mark } from './mark.js';
import { type PubSubFrame, pubSubFrame } from './pubsub-frame.js';
import { asNewest, asNewestWithin } from './readonly-answer.js';
import { isError, isErrorAt, isNil } from './refusal.js';
import type { SessionPorts } from './session-ports.js';
import type { Primary } from './state.js';
import { pastTransaction } from './uncertain.js';

/** What follows from settled commands for the rest of the session. */
export interface SettleHost {
  /** A message of pub/sub. */
  message(frame: Buffer): void;
  /** Whether the frame is no client's: a marker, or the confirmation of the session's own subscription to them. */
  isOwn(news: NonNullable<PubSubFrame>): boolean;
  /** The client is subscribed to something else than before. */
  subscriptionsChanged(): void;
  /** QUIT is answered: the session ends. */
  farewell(): void;
  /** Whether it would rather read from a replica is different, or what it has set. */
  readingChanged(): void;
  /** The client has shown who it is. */
  authenticated(): void;
  /** MULTI was not accepted. */
  noTransaction(): void;
}

const STAR = 0x2a;
const PUSH = 0x3e;
const PLUS = 0x2b;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const NIL = { 2: Buffer.from('*-1\r\n'), 3: Buffer.from('_\r\n') } as const;
const EXEC_ABORT_ERROR = Buffer.from('-EXECABORT Transaction discarded because of previous errors.\r\n');

/** The node's side, when all is well: gives each answer to the client, and draws from it what the session must know. */
export class Settler {
  /** Changes that EXEC will make, each with its place among the queued commands. */
  #pending: { entry: Note; place: number }[] = [];
  /** Commands of the open transaction that the node did not queue. */
  #unqueued = 0;

  constructor(
    private readonly book: Book,
    private readonly ports: Pick<SessionPorts<Primary>, 'deliver' | 'breathe' | 'scripts'>,
    private readonly host: SettleHost,
  ) {}

  /**
   * A frame that is no answer to a command (a push, a message, a line of MONITOR) is delivered, the confirmation of a
   * subscription settled. Returns false when it is an answer. `drain`: the node is being left.
   */
  takeNews(frame: Buffer, drain: Drain | undefined): boolean {
    const { identity } = this.book;
    const type = frame[0];
    if (type === PUSH || (type === STAR && this.#mayBePubSub(drain))) {
      const news = pubSubFrame(frame);
      if (news === undefined) return type === PUSH && this.#deliverNews(frame);
      if (this.host.isOwn(news) || news.is === 'marker') return true;
      if (news.is === 'message') {
        if (drain?.subscribed !== true || identity.subscribed) this.host.message(frame);
        return true;
      }
      if (drain !== undefined) return drain.confirm(news.is, news.family, news.name);
      return this.#confirm(news.is, news.family, news.name, frame);
    }
    const monitored = identity.monitor && type === PLUS && isDigit(frame[1]);
    return monitored && this.#deliverNews(frame);
  }

  /** In RESP3 an array is always an answer. */
  #mayBePubSub(drain: Drain | undefined): boolean {
    const { identity } = this.book;
    const role = (drain === undefined ? this.#headNote() : drain.expected)?.role.is;
    if (role === 'subscribe' || role === 'unsubscribe') return true;
    return identity.protocol === 2 && (drain ?? identity).subscribed;
  }

  #headNote(): Note | undefined {
    const { ledger } = this.book;
    return ledger.inflight > 0 ? ledger.note(ledger.head) : undefined;
  }

  #deliverNews(frame: Buffer): true {
    this.ports.deliver(frame);
    return true;
  }

  /** One confirmation of a (UN)SUBSCRIBE at the head, which has as many as it has names. */
  #confirm(
    is: 'subscribed' | 'unsubscribed',
    family: 'channel' | 'pattern' | 'shard',
    name: string | undefined,
    frame: Buffer,
  ): true {
    const { book } = this;
    const { subscriptions } = book.identity;
    if (subscriptions.confirm(is, family, name)) this.host.subscriptionsChanged();
    const entry = this.#headNote();
    const role = entry?.role;
    if (role === undefined || (role.is !== 'subscribe' && role.is !== 'unsubscribe')) return this.#deliverNews(frame);
    role.confirmed++;
    const complete = role.names.length > 0 ? role.confirmed >= role.names.length : subscriptions.of(family).size === 0;
    // On a replay the client has the first confirmations already.
    const silent = role.confirmed <= role.given || entry!.muted || book.ledger.head < book.given;
    role.given = Math.max(role.given, role.confirmed);
    if (complete) this.advance(1);
    if (!silent) this.ports.deliver(frame);
    return true;
  }

  /** The whole answer to the command at the head. */
  settle(frame: Buffer): void {
    const { book, ports } = this;
    const index = book.ledger.head;
    const entry = book.ledger.note(index);
    const silent = index < book.given || entry?.muted === true;
    const answer = entry === undefined ? frame : this.#apply(entry, index, entry.answer ?? frame);
    if (book.transaction !== undefined && isError(answer)) this.#unqueued++;
    const stale = entry?.kept === true && mayHaveRead(entry, book.ledger.marks(index));
    this.advance(1);
    if (!silent) ports.deliver(answer);
    const forget = stale ? forgetCached(book.identity) : undefined;
    if (forget !== undefined) ports.deliver(forget);
    // What comes next is no answers but the lines of MONITOR.
    if (entry?.role.is === 'monitor' && book.identity.monitor) ports.breathe?.();
    if (entry?.role.is === 'quit') this.host.farewell();
  }

  /** The commands at the head whose answers are known already get them. */
  settleAnswered(): void {
    const { ledger } = this.book;
    while (ledger.unanswered > 0) {
      const entry = ledger.note(ledger.head);
      if (entry?.answer === undefined || entry.provisional || entry.resend) return;
      const { answer } = entry;
      entry.instead = undefined;
      this.settle(answer);
    }
  }

  /** The client has the answers to `count` more commands. */
  advance(count: number): void {
    const { book } = this;
    book.ledger.answered(count);
    book.handed = Math.max(book.handed, book.ledger.end(book.ledger.head - 1));
    book.tidy();
  }

  #apply(entry: Note, index: number, given: Buffer): Buffer {
    const { book } = this;
    const frame = isReadOnly(entry) ? asNewest(given) : given;
    const failed = isError(frame);
    const { role } = entry;
    switch (role.is) {
      case 'multi':
        if (failed) this.#dissolve(index);
        else book.transaction = index;
        this.#pending = [];
        this.#unqueued = 0;
        return frame;
      case 'exec':
        return this.#applyExec(entry, frame, failed);
      case 'discard':
        if (!failed) this.#closeTransaction();
        return frame;
      case 'watch':
        if (!failed) book.watching = true;
        return frame;
      case 'unwatch':
        if (!failed) book.watching = false;
        return frame;
      default:
        if (failed) return frame;
        if (book.transaction === undefined || role.is === 'reset') this.#applyChange(entry);
        else this.#pending.push({ entry, place: index - book.transaction - 1 - this.#unqueued });
        return frame;
    }
  }

  #applyExec(entry: Note, frame: Buffer, failed: boolean): Buffer {
    const { book } = this;
    const pending = this.#pending;
    this.#closeTransaction();
    if (entry.instead !== undefined && entry.role.is === 'exec' && !failed) {
      return entry.role.blind ? NIL[book.identity.protocol] : EXEC_ABORT_ERROR;
    }
    if (pending.length === 0 || failed || isNil(frame)) return frame;
    const wishes = pending.filter((inner) => isReadOnly(inner.entry)).map((inner) => inner.place);
    const answer = wishes.length === 0 ? frame : asNewestWithin(frame, wishes);
    const starts = elementStarts(answer);
    // A command may be queued and fail all the same.
    for (const inner of pending) if (!isErrorAt(answer, starts[inner.place]!)) this.#applyChange(inner.entry);
    return answer;
  }

  #closeTransaction(): void {
    this.book.transaction = undefined;
    this.book.watching = false;
    this.#pending = [];
  }

  #applyChange(entry: Note): void {
    const { identity } = this.book;
    const { role } = entry;
    switch (role.is) {
      case 'change':
        identity.apply(role.change);
        if (role.change.set === 'read-only') this.host.readingChanged();
        if (role.change.set === 'auth' || role.change.set === 'hello') this.host.authenticated();
        return;
      case 'monitor':
        identity.monitor = true;
        return;
      case 'reset':
        identity.reset();
        this.host.subscriptionsChanged();
        this.#closeTransaction();
        this.host.readingChanged();
        return;
      case 'script-flush':
        this.ports.scripts.clear();
        return;
      default:
        return;
    }
  }

  /** The node did not accept MULTI: what came behind it ran by itself, command by command. */
  #dissolve(multi: number): void {
    const { ledger } = this.book;
    const end = pastTransaction(ledger, multi, ledger.tail);
    for (let index = multi; index < Math.min(end, ledger.tail); index++) ledger.clearMark(index, Mark.Transaction);
    if (end > ledger.tail) this.host.noTransaction();
    else if (ledger.note(end - 1)!.role.is !== 'reset') ledger.note(end - 1)!.role = { is: 'plain' };
  }
}

/** Whether the answer may have values in it that a client caches: those of writes are never tracked. */
function mayHaveRead({ role }: Note, marks: number): boolean {
  return role.is === 'exec' || (marks & Mark.Murky) !== 0;
}

function isReadOnly({ role }: Note): boolean {
  return role.is === 'change' && role.change.set === 'read-only';
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}
