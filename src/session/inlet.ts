import { ReplyScanner } from '../resp/index.js';
import type { Book } from './book.js';
import { Drain } from './drain.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import { isError, type Refusal, refusalOf } from './refusal.js';
import type { Settler } from './settle.js';
import { settleLost } from './uncertain.js';

/** Who hears what the node says beyond answers. */
export interface InletHost {
  readonly replyBytesMax: number;
  /** The client only reads: that a replica takes no write is an answer like others. */
  readonly readsOnly: boolean;
  /** Bytes for the client, in order. */
  deliver(bytes: Buffer): void;
  /** The command at the head was refused; the answers from there on are judged (`drained`). */
  refused(refusal: Refusal): void;
  /** A command was settled for which the client had no answer before. */
  progressed(): void;
  /** Whether an error answers a command that the client has not sent. */
  isOwnError(frame: Buffer): boolean;
  /** Said by a node whom nobody had asked. */
  remark(text: string): void;
}

const REMARK_BYTES = 200;

/** The node's side of a session: cuts what a connection brings into frames, and gives each to whom it concerns. */
export class Inlet implements FrameSink {
  #reader: FrameReader;
  #drain: Drain | undefined;
  /** Number of the connection that is read from. */
  #connection = 0;
  /** The one whose chunk is at hand. */
  #source = 0;
  /** A frame of the last chunk was looked at, and may have been kept. */
  #looked = false;

  constructor(
    private readonly book: Book,
    private readonly settler: Settler,
    private readonly host: InletHost,
  ) {
    this.#reader = this.#freshReader();
  }

  /** What is read from now on comes from another connection. */
  connect(): void {
    this.#connection++;
    this.#reader = this.#freshReader();
  }

  /** The connection is not the session's any more: the rest of a chunk that is being read concerns nobody. */
  disconnect(): void {
    this.#connection++;
  }

  /** What cuts the connection that is read from. */
  get reader(): FrameReader {
    return this.#reader;
  }

  /**
   * Returns what was not read: the connection is not the session's any more. The chunk is the inlet's from now on.
   * Throws RespError when the bytes are no RESP.
   */
  read(chunk: Buffer): Buffer {
    // While an old connection's chunk is being read, a new one may be joined that has brought bytes already.
    const outer = this.#source;
    this.#source = this.#connection;
    this.#looked = false;
    try {
      return chunk.subarray(this.#reader.read(chunk, this));
    } finally {
      this.#source = outer;
    }
  }

  /** Whether nothing here refers to the chunk that was read last any more. */
  letGo(): boolean {
    return !this.#looked && this.#reader.letGo();
  }

  /** Part of a reply is with the client already: it can be neither replayed nor taken back. */
  get exposed(): boolean {
    return this.#reader.exposed;
  }

  /** The node owes no answer. */
  get drained(): boolean {
    return this.#drain === undefined ? this.book.ledger.inflight === 0 : this.#drain.done;
  }

  /** The node owes no answer, except to a command that blocks, and to those behind it. */
  get quiet(): boolean {
    if (this.drained) return true;
    const { ledger } = this.book;
    const owed = this.#drain === undefined ? ledger.note(ledger.head) : this.#drain.expected;
    return owed?.role.is === 'blocking';
  }

  /** The connection is gone: settles what it still owed. Returns how many commands became uncertain. */
  lost(node: string, retry: boolean): number {
    return this.#drain?.lost(node, retry) ?? settleLost(this.book, this.book.ledger.head, node, retry);
  }

  /** Answers of the node that are not used: their commands run again. */
  get discarded(): number {
    return this.#drain?.discarded ?? 0;
  }

  /** The node has been left. */
  forget(): void {
    this.#drain = undefined;
  }

  // ---- frames, as the reader finds them --------------------------------------------------------------------------

  get plain(): number {
    const { identity, ledger, given } = this.book;
    if (this.#drain !== undefined || ledger.head < given || identity.monitor) return 0;
    return identity.protocol === 2 && identity.subscribed ? 0 : ledger.plain;
  }

  get reading(): boolean {
    return this.#source === this.#connection;
  }

  pass(count: number, parts: readonly Buffer[]): void {
    // Whoever writes while being given one part must not be answered before the next.
    for (const part of parts) this.host.deliver(part);
    this.settler.advance(count);
    this.host.progressed();
    this.settler.settleAnswered();
  }

  stream(part: Buffer): void {
    this.host.deliver(part);
  }

  look(frame: Buffer): void {
    this.#looked = true;
    if (this.settler.takeNews(frame, this.#drain)) this.settler.settleAnswered();
    else if (isError(frame) && this.host.isOwnError(frame)) return;
    else if (this.#drain === undefined) this.#answer(frame);
    else if (!this.#drain.done) this.#drain.take(this.#stamped(frame, this.#drain.at));
  }

  /** By whom an answer's cursors were given is known only while the connection is the session's. */
  #stamped(frame: Buffer, index: number): Buffer {
    const { cursors, ledger } = this.book;
    return cursors.toClient(frame, index, ledger);
  }

  #answer(frame: Buffer): void {
    const { ledger, given } = this.book;
    if (ledger.inflight === 0) {
      // A node that says why it is about to close, for example.
      this.host.remark(frame.toString('utf8', 0, Math.min(frame.length, REMARK_BYTES)).trim());
      return;
    }
    const refusal = refusalOf(frame, ledger.marks(ledger.head));
    if (refusal !== undefined && !(this.host.readsOnly && refusal.by === 'readonly')) {
      this.#drain = new Drain(this.book, refusal);
      this.host.refused(refusal);
      return;
    }
    // What the client had before is no progress: a transaction may be replayed and refused for ever.
    const fresh = ledger.head >= given;
    this.settler.settle(this.#stamped(frame, ledger.head));
    if (fresh) this.host.progressed();
    this.settler.settleAnswered();
  }

  #freshReader(): FrameReader {
    return new FrameReader(new ReplyScanner(), this.host.replyBytesMax);
  }
}
