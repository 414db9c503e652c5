import type { CommandRun } from '../resp/index.js';
import { Book } from './book.js';
import { Ensemble } from './ensemble.js';
import type { Helm } from './helm.js';
import type { ClientDescription, Identity } from './identity.js';
import { completeOptions, type SessionOptions } from './options.js';
import type { SessionPorts } from './session-ports.js';
import type { Primary, State } from './state.js';

/**
 * One client's session, as its door sees it. It holds connections to nodes one after the other; the client never notices
 * which.
 *
 * Bytes: `take` → intake → book → outlet → node → inlet → settler → `ports.deliver`.
 * Control: everything that ends this flow goes to the helm, and through the machine (`machine.ts`) that decides.
 */
export class Session<P extends Primary> {
  readonly #parts: Ensemble<P>;
  /** Heard of, and not acted on yet. */
  #news: P | undefined;
  /** The node that it need not be prepared for. */
  #excused: P | undefined;

  /** `identity`: who the client is already, for one that has begun elsewhere. The session's own from now on. */
  constructor(ports: SessionPorts<P>, options: Partial<SessionOptions> = {}, identity?: Identity) {
    const book = new Book(identity);
    book.identity.readsOnly = ports.writesRefused !== undefined;
    if (book.identity.readsOnly) book.identity.readOnly = true;
    this.#parts = new Ensemble<P>(book, ports, completeOptions(options));
    if (identity !== undefined) this.#helm.reading.mayHaveWritten();
  }

  get #helm(): Helm<P> {
    return this.#parts.helm;
  }

  get #book(): Book {
    return this.#parts.book;
  }

  /** Where the session is, for events and tests. */
  get state(): State<P> {
    return this.#helm.state;
  }

  /** Who the client is, fit to be shown. */
  get client(): ClientDescription {
    return this.#book.identity.description;
  }

  /** Who the client is, with its secrets: for whoever carries it on when this session ends. */
  get identity(): Identity {
    return this.#book.identity;
  }

  /** Whole commands that were taken so far. */
  get taken(): number {
    return this.#book.ledger.tail;
  }

  /** Commands without an answer. */
  get unanswered(): number {
    return this.#book.ledger.unanswered;
  }

  /** The first of them may wait in the server for as long as it likes. */
  get blocked(): boolean {
    return this.#book.blocked;
  }

  /** What is kept until it is answered. A client with nothing outstanding and no open transaction costs none of it. */
  get retained(): { bytes: number; commands: number; notes: number } {
    const { ledger, log } = this.#book;
    return { bytes: log.bytes, commands: ledger.tail - ledger.base, notes: ledger.notes };
  }

  /** Begins. With a `view` the topology need not be asked. */
  open(view?: P): void {
    this.#helm.open(view);
  }

  /**
   * Bytes from the client: any part of any number of commands. A Buffer of 4 KiB or more must not change until answered,
   * unless it is `borrowed`, which costs a copy.
   */
  take(chunk: string | Buffer, borrowed = false): void {
    if (this.state.at === 'closed') return;
    if (this.#news !== undefined) this.catchUp();
    this.#parts.intake.take(chunk, borrowed);
    this.#taken();
  }

  /** Whole commands that the door has scanned already, with the facts of the session's own table. The bytes are borrowed. */
  takeRun(bytes: Buffer, run: CommandRun): void {
    if (this.state.at === 'closed') return;
    if (this.#news !== undefined) this.catchUp();
    this.#parts.intake.takeRun(bytes, run);
    this.#taken();
  }

  #taken(): void {
    const { helm, book, settler, capability } = this.#parts;
    helm.taken();
    if (book.altered) settler.settleAnswered();
    capability.announce();
  }

  /** Sends what was taken. Apart from `take`, so that a door can join what one tick brings into one write. */
  flush(): void {
    this.#parts.flush();
  }

  /** Of the `most` commands without an answer that stand `behind` newer ones: those at the end that only read. Borrowed. */
  lastReads(behind: number, most: number): { bytes: Buffer; commands: number } {
    return this.#parts.book.lastReads(behind, most);
  }

  /** The topology's answer to `ports.seek`, or its news. */
  primaryIs(view: P): void {
    this.#helm.reading.news(view);
  }

  /** Where it is best to read from may be different by now. */
  placesChanged(): void {
    this.#helm.reading.look();
  }

  /**
   * The topology's news, for a session that nobody waits for: it moves when there is time (`catchUp`), and before it sends
   * anything more. The node that is no primary any more would accept a PUBLISH, and nobody hear it.
   */
  primaryIsByNow(view: P): void {
    this.#news = view;
  }

  /** Acts on such news, if that has not been done. */
  catchUp(): void {
    const view = this.#news;
    this.#news = undefined;
    if (view !== undefined) this.primaryIs(view);
  }

  /** A switch to `view` is about to happen: a connection there is made ready, while commands go on where they go now. */
  prepare(view: P): void {
    const { state } = this;
    // Who reads from a replica is not concerned: its node stays, or it goes to another one in its own time.
    this.#excused = this.#helm.reading.atReplica ? view : undefined;
    if (this.#excused !== undefined) return;
    if (state.at === 'closed' || ('view' in state && state.view.node === view.node)) return;
    this.#helm.connection.prospect.prepare(view);
  }

  /** The node where a connection stands ready, with all that the client had set when it was last looked at. */
  get prepared(): P | undefined {
    const excused = this.#helm.reading.atReplica ? this.#excused : undefined;
    return excused ?? this.#helm.connection.prospect.prepared;
  }

  /** What `prepare` began has not come to an end; `onStandstill` tells when it does. */
  get preparing(): boolean {
    return this.#helm.connection.prospect.preparing;
  }

  /**
   * A switch is about to happen: nothing more is sent until then (clock time, milliseconds) unless the session moves to
   * another primary or is released before. One that is with no node at the moment does not begin before then with the
   * node that is primary now. No command waits for longer than `holdTimeoutMs`, though: then this session goes on.
   */
  hold(untilMs: number): void {
    this.#helm.hold(untilMs);
  }

  /** The switch is given up: the session goes on where it is, and what it had ready is not kept. */
  release(): void {
    this.#helm.release();
  }

  /**
   * No answer is owed, except to a command that blocks in the server, and to those behind it, which wait like it. True at
   * once in `hold` where it can be; `onStandstill` tells when it becomes true later. May become false again: a blocked
   * command may be served at any time.
   */
  get quiet(): boolean {
    return this.#helm.quiet;
  }

  /** The client takes no more bytes for now. */
  pause(): void {
    this.#helm.connection.pause();
  }

  resume(): void {
    this.#helm.resume();
  }

  /** The client has gone. What it was not answered is dropped. */
  close(): void {
    this.#helm.close();
  }
}
