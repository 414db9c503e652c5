import {
  type CommandRun,
  CommandScanner,
  type CommandTable,
  commandArgs,
  encodeError,
  Fact,
  RespError,
} from '../resp/index.js';
import { withRemainingTime } from './blocking.js';
import type { Book } from './book.js';
import { ClientTransaction } from './client-transaction.js';
import { CommandMeaning } from './command-meaning.js';
import { type Note, note } from './ledger.js';
import { answered, commitNot, LocalAnswers } from './local-answers.js';
import { effectMarks, Mark } from './mark.js';
import type { SessionOptions } from './options.js';
import { endsWatch, type Role } from './role.js';
import { isStamped } from './scan-cursors.js';
import { wireError } from './session-error.js';
import type { SessionPorts } from './session-ports.js';
import type { Primary } from './state.js';
import { settleUnknown } from './uncertain.js';

/** What the intake needs to know of the session around it. */
export interface IntakeHost {
  /** Commands are on hold: what has a time limit must be sent with the time that is left then. */
  readonly holding: boolean;
  /** Commands go to a replica. */
  readonly atReplica: boolean;
  /** A cursor of another process came, and its iteration starts again where the session is now. */
  scanRestarted(): void;
}

const CLOSER_LOOK =
  Fact.State | Fact.Transaction | Fact.Blocking | Fact.Script | Fact.PubSub | Fact.Container | Fact.Admin | Fact.Cursor;

/** The client's side: finds the commands in its bytes, and writes into the book what is to be known of each. */
export class Intake {
  readonly #table: CommandTable;
  readonly #scanner: CommandScanner;
  /** Log position where the command at hand begins. */
  #start = 0;
  readonly #transaction = new ClientTransaction();
  readonly #local: LocalAnswers;
  readonly #meaning: CommandMeaning;
  /** Commands with one of these are not let through. */
  readonly #refusedMarks: number;
  /** What follows a protocol error cannot be read. */
  #unreadable = false;
  /** Chunks go past the log, because it is full, until the command at hand has ended. */
  #refusing = false;

  constructor(
    private readonly book: Book,
    private readonly ports: SessionPorts<Primary>,
    private readonly options: SessionOptions,
    private readonly host: IntakeHost,
  ) {
    const { table, writesRefused } = ports;
    this.#table = table;
    this.#scanner = new CommandScanner(table, { commandBytesMax: options.commandBytesMax });
    this.#refusedMarks = writesRefused === undefined ? 0 : Mark.Write;
    this.#meaning = new CommandMeaning(ports);
    this.#local = new LocalAnswers(this.#transaction, ports);
  }

  /** Takes a chunk. When it cannot be read the client is answered so, and nothing more is taken. */
  take(chunk: string | Buffer, borrowed: boolean): void {
    if (this.#unreadable) return;
    try {
      if (this.#refusing || this.#full(chunk.length)) this.#refuseChunk(chunk);
      else this.#admitChunk(chunk, borrowed);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#unreadable = true;
      this.ports.onEvent({ type: 'unreadable', code: error.code });
      const farewell = answered(encodeError('ERR', `Protocol error: ${error.message}`));
      farewell.role = { is: 'quit' };
      this.#push(this.book.log.tail, 0, farewell);
    }
  }

  /** Takes borrowed bytes that somebody has scanned already. */
  takeRun(bytes: Buffer, run: CommandRun): void {
    if (!this.#isPlain(run) || this.#full(bytes.length)) {
      this.take(bytes, true);
      return;
    }
    const { log, ledger } = this.book;
    const { position } = log.append(bytes, true);
    ledger.pushRun(position, run);
    this.#start = log.tail;
  }

  /** All of its commands are no more to the session than where they end and what they may do. */
  #isPlain({ allFacts }: CommandRun): boolean {
    if (this.#unreadable || this.#refusing || this.#refusedMarks !== 0 || this.#scanner.midCommand) return false;
    return !this.#transaction.open && this.#local.none && (allFacts & CLOSER_LOOK) === 0;
  }

  #full(bytes: number): boolean {
    const { ledger, log } = this.book;
    const retained = ledger.tail - ledger.base;
    if (retained === 0 || this.#scanner.midCommand) return false;
    const { replayBytesMax, replayCommandsMax } = this.options;
    return log.bytes + bytes > replayBytesMax || retained >= replayCommandsMax;
  }

  #admitChunk(chunk: string | Buffer, borrowed: boolean): void {
    const { bytes, from, to, position } = this.book.log.append(chunk, borrowed);
    const scanner = this.#scanner;
    let at = from;
    for (;;) {
      const end = scanner.next(bytes, at, to);
      if (end < 0) return;
      this.#admit(position + end - from);
      at = end;
    }
  }

  #admit(end: number): void {
    const scanner = this.#scanner;
    const start = this.#start;
    this.#start = end;
    if (scanner.argc === 0) {
      this.book.skip(end);
      return;
    }
    const flags = this.#table.flags[scanner.id] ?? 0;
    const plain = scanner.id !== 0 && (flags & CLOSER_LOOK) === 0;
    if (plain && !this.#transaction.open && this.#local.none) {
      const marks = effectMarks(flags);
      if ((marks & this.#refusedMarks) === 0) {
        this.book.ledger.push(end, marks);
        return;
      }
    }
    this.#admitNoted(start, end, flags);
  }

  #admitNoted(start: number, end: number, flags: number): void {
    const args = commandArgs(this.book.log.read(start, end), 0, end - start);
    const name = this.#nameOf(args);
    const local = this.#local.answerTo(name, args);
    if (local !== undefined) {
      this.#add(end, local.marks, local.entry);
      return;
    }
    const command = { id: this.#scanner.id, name, args, flags, inTransaction: this.#transaction.open };
    const role = this.#meaning.roleOf(command);
    const marks = this.#meaning.marksOf(command, role);
    if (this.#isRefused(marks, role)) {
      const { entry, marks: refusedMarks } = this.#local.refuseWith(this.ports.writesRefused!);
      this.#add(end, refusedMarks, entry);
      return;
    }
    const entry = role === undefined ? undefined : note(role);
    if (role?.is === 'scan') this.#prepareScan(entry!, args, role.spot);
    this.#followTransaction(name, args, marks, end, entry);
  }

  /** Whether a command may write for whom only reads are let through. Of one that nobody knows a replica can tell. */
  #isRefused(marks: number, role: Role | undefined): boolean {
    if (this.#refusedMarks === 0) return false;
    if (this.#scanner.id === 0) return !this.host.atReplica;
    const isWish = role?.is === 'change' && role.change.set === 'read-only';
    return isWish ? !(role.change as { on: boolean }).on : (marks & this.#refusedMarks) !== 0;
  }

  #nameOf(args: readonly Buffer[]): string {
    const id = this.#scanner.id;
    if (id !== 0) return this.#table.nameOf(id);
    const name = args[0]!.toString('latin1').toLowerCase();
    this.ports.unknownCommand(name);
    return name;
  }

  /** Adds the command, in or out of a transaction, and keeps track of where one begins and ends. */
  #followTransaction(name: string, args: readonly Buffer[], marks: number, end: number, entry: Note | undefined): void {
    const transaction = this.#transaction;
    const opens = name === 'multi' && !transaction.open && args.length === 1;
    if (opens) transaction.marks = 0;
    if (transaction.marks === undefined) {
      if (name === 'watch') transaction.watched = true;
      if (name === 'unwatch' || name === 'reset') transaction.unwatch();
      // Outside a transaction EXEC and DISCARD are errors, and change nothing.
      if (entry?.role.is === 'multi' || name === 'exec' || name === 'discard') entry!.role = { is: 'plain' };
      if (name === 'reset') this.#local.reset();
      this.#push(end, marks, entry);
      return;
    }
    if (entry?.role.is === 'multi' && !opens) entry.role = { is: 'plain' };
    const closes = name === 'exec' || name === 'discard' || name === 'reset';
    if (name === 'reset') this.#local.reset();
    if (!closes) transaction.marks |= marks;
    if (entry?.role.is === 'exec') this.#prepareExec(entry);
    const own = name === 'exec' ? transaction.execMarks : marks;
    this.#push(end, own | Mark.Transaction, entry);
    if (closes) transaction.close();
  }

  /** Whose cursor it is turns out only when it is sent, each time it is. */
  #prepareScan(entry: Note, args: readonly Buffer[], spot: number): void {
    const { cursors } = this.book;
    cursors.taken(this.#transaction.open);
    if (!isStamped(args[spot])) return;
    entry.instead = (own) => {
      const { command, restarts } = cursors.toNode(this.#argsOf(own), spot);
      if (restarts) this.host.scanRestarted();
      return command;
    };
  }

  #prepareExec(entry: Note): void {
    if (this.#transaction.spoiled) commitNot(entry, 'abort');
    else if (this.#transaction.blind) commitNot(entry, 'nil');
  }

  #push(end: number, marks: number, entry: Note | undefined): void {
    const noted = this.#local.muted(entry);
    if (noted === undefined) this.book.ledger.push(end, marks);
    else this.#add(end, marks, noted);
  }

  #add(end: number, marks: number, entry: Note): void {
    if (entry.role.is === 'blocking' && this.host.holding) this.#keepTime(entry);
    if (entry.answer !== undefined || entry.instead !== undefined) this.book.altered = true;
    this.book.ledger.pushNoted(end, marks, entry);
  }

  #keepTime(entry: Note): void {
    const { role } = entry;
    if (role.is !== 'blocking' || role.deadline === Number.POSITIVE_INFINITY) return;
    entry.instead = (own) => withRemainingTime(this.#argsOf(own), role.spot, role.deadline - this.ports.now());
  }

  /** Empty lines may stand around a command. */
  #argsOf(own: Buffer): Buffer[] {
    const scanner = new CommandScanner(this.#table);
    let start = 0;
    let end = scanner.next(own, start, own.length);
    while (scanner.argc === 0) {
      start = end;
      end = scanner.next(own, start, own.length);
    }
    return commandArgs(own, start, end);
  }

  /**
   * After a move: what has a time limit is sent again with the time that is left, and a lost WATCH must not commit.
   * Returns how many commands became uncertain.
   */
  rewound(watchLost: boolean): number {
    const { ledger } = this.book;
    let blind = watchLost;
    let uncertain = 0;
    for (let index = ledger.base; index < ledger.tail; index++) {
      const entry = ledger.note(index);
      if (entry === undefined) continue;
      this.#startOver(entry);
      if (blind && entry.role.is === 'exec') {
        // Nil would say that it was not executed.
        if ((ledger.marks(index) & Mark.Lost) === 0) commitNot(entry, 'nil');
        else {
          settleUnknown(this.book, index, wireError('UNCERTAIN'), false);
          uncertain++;
        }
      }
      if (blind) blind = !endsWatch(entry.role);
    }
    if (blind) this.#transaction.blind = true;
    return uncertain;
  }

  #startOver(entry: Note): void {
    const { role } = entry;
    if (role.is === 'blocking') this.#keepTime(entry);
    if (role.is === 'subscribe' || role.is === 'unsubscribe') role.confirmed = 0;
    // "All" are fewer now: those of which the client knows are not subscribed again.
    if (role.is === 'unsubscribe' && role.names.length === 0) role.given = 0;
  }

  /**
   * The transaction that the client has open was given up (its first commands are answered with `error`): the rest of it
   * gets the same, until its EXEC gets EXECABORT.
   */
  loseTransaction(error: Buffer): void {
    if (this.#transaction.open) this.#transaction.lost = error;
  }

  /** A MULTI was not accepted by the node: what follows it is no transaction. */
  noTransaction(): void {
    this.#transaction.dissolve();
  }

  /** The log is full. The commands of the chunk are answered so, and their bytes kept nowhere. */
  #refuseChunk(chunk: string | Buffer): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const scanner = this.#scanner;
    let at = 0;
    let refused = 0;
    this.#refusing = true;
    for (;;) {
      const end = scanner.next(bytes, at, bytes.length);
      if (end < 0) break;
      if (scanner.argc > 0) {
        this.#refuseCommand();
        refused++;
      }
      at = end;
    }
    if (refused > 0) this.ports.onEvent({ type: 'given-up', code: 'HOLDLIMIT', commands: refused });
    this.#refusing = scanner.midCommand;
  }

  #refuseCommand(): void {
    const { entry, marks } = this.#local.refuse(this.#table.nameOf(this.#scanner.id));
    this.#add(this.book.log.tail, marks, entry);
  }

  /** Adds a command of the session's own behind what the client has sent. Not within a transaction. */
  inject(command: Buffer, role: Role): void {
    if (this.#scanner.midCommand || this.#transaction.open) throw new Error('not between two commands');
    const { log, ledger } = this.book;
    log.append(command);
    this.#start = log.tail;
    const entry = note(role);
    entry.muted = true;
    ledger.pushNoted(log.tail, 0, entry);
  }

  /** A move costs the client neither a transaction nor a WATCH, as far as it has said. */
  get atEase(): boolean {
    return !this.#transaction.open && !this.#transaction.watched && this.#transaction.lost === undefined;
  }

  /** Nothing of the client's would be in the way of `inject`. */
  get between(): boolean {
    return (
      !this.#scanner.midCommand && !this.#transaction.open && this.#transaction.lost === undefined && !this.#unreadable
    );
  }
}
