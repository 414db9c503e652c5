import type { ClientDescription, Session, SessionEvent, SessionOptions } from '../../session/index.js';
import type { PrimaryView } from '../../topology/index.js';
import type { Pair } from '../pair.js';

/** The client's connection, as the door needs it. */
export interface Downstream {
  /** By reference, in order. */
  send(bytes: Buffer): void;
  /** Bytes sent that the client has not taken. */
  readonly backlogBytes: number;
  /** Reading from the client. */
  pause(): void;
  resume(): void;
  /** Sends what waits, then closes. `why`: for what reason, if the client did not wish it. */
  finish(why?: FollowEnd): void;
  /** Something was thrown where nobody else sees it: the session is over. */
  fault(error: unknown): void;
}

/** Why a session was ended against the client's wish. */
export type FollowEnd = 'protocol' | 'command-size' | 'upstream' | 'drained';

export interface FollowDoorOptions {
  readonly pair: Pair;
  readonly session: Partial<SessionOptions>;
  /** What one client may have outstanding. */
  readonly limits: { readonly clientCommandsMax: number; readonly clientBytesMax: number };
  /** An answer of the gateway's own, instead of sending the command. */
  answers(name: string, args: readonly Buffer[]): Buffer | undefined;
  onEvent(event: SessionEvent): void;
}

/** While answers flow, no more than this is outstanding: more would only wait at the node. */
const WINDOW_BYTES = 256 * 1024;
/** A client that has this much to read is sent nothing more for the moment. */
const OUTPUT_HIGH_BYTES = 256 * 1024;
/** From here on the session keeps a chunk by reference, so a borrowed one has to be copied. */
const KEPT_BYTES = 4 * 1024;
/** The session's own bounds are further off than ours by what may be on its way when reading is paused. */
const SLACK_BYTES = 1024 * 1024;
const SLACK_COMMANDS = 100_000;

const NOTHING_HELD = { bytes: 0, commands: 0 };

/**
 * A client's session that follows the primary, with back-pressure in both directions:
 *
 * - A client that sends faster than the node answers is not read while WINDOW_BYTES are outstanding.
 * - A client that does not read makes the session stop reading from the node; what it sends meanwhile is taken up to
 *   its own limit, since many clients write a whole pipeline before they read. Subscribers are the exception: the node
 *   would drop their connection, and messages with it, unseen. For them the gateway's own limit on output counts.
 *
 * The session begins with the client's first bytes: who only looks whether the port is open costs no connection.
 */
export class FollowDoor {
  readonly #session: Session<PrimaryView>;
  #forgetPrimary: (() => void) | undefined;
  #opened = false;
  #closed = false;
  /** The client is not read. */
  #waiting = false;
  /** The node is not read. */
  #choked = false;
  /** The client has ended its side, or the gateway wants to stop. */
  #ending: 'client' | 'gateway' | undefined;
  #unreadable: FollowEnd | undefined;

  constructor(
    private readonly downstream: Downstream,
    private readonly options: FollowDoorOptions,
  ) {
    const { clientBytesMax, clientCommandsMax } = options.limits;
    this.#session = options.pair.session(
      {
        deliver: (bytes) => this.#deliver(bytes),
        breathe: () => {},
        ended: (reason) => this.#ended(reason),
        onEvent: (event) => this.#onEvent(event),
        answers: (name, args) => options.answers(name, args),
        relieved: () => this.#relieved(),
        faulted: (error) => downstream.fault(error),
      },
      {
        ...options.session,
        replayBytesMax: clientBytesMax + SLACK_BYTES,
        replayCommandsMax: clientCommandsMax + SLACK_COMMANDS,
      },
    );
  }

  /** Bytes from the client, borrowed. */
  take(bytes: Buffer): void {
    if (this.#closed) return;
    const session = this.#session;
    if (!this.#opened) this.#open();
    session.take(bytes.length < KEPT_BYTES ? bytes : Buffer.from(bytes));
    session.flush();
    if (!this.#waiting && this.#isFull(1)) {
      this.#waiting = true;
      this.downstream.pause();
    }
  }

  /** The client sends no more: ends as soon as it is owed nothing. */
  ended(): void {
    this.#ending = 'client';
    this.#maybeFinish();
  }

  /** The gateway stops: ends as soon as the client is owed nothing and is not in the middle of anything. */
  wind(): void {
    this.#ending ??= 'gateway';
    this.#maybeFinish();
  }

  /** The client has taken all that waited for it. */
  drained(): void {
    if (!this.#choked) return;
    this.#choked = false;
    this.#session.resume();
    this.#relieved();
  }

  /** The client has gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetPrimary?.();
    this.#session.close();
  }

  get client(): ClientDescription {
    return this.#session.client;
  }

  /** Whole commands that were taken so far. */
  get commands(): number {
    return this.#session.taken;
  }

  get unanswered(): number {
    return this.#session.unanswered;
  }

  /** Of the commands, those that have an answer; undefined for a client that waits on purpose, or for messages. */
  get answered(): number | undefined {
    const { client, blocked, taken, unanswered } = this.#session;
    return client.listening || blocked ? undefined : taken - unanswered;
  }

  get held(): { bytes: number; commands: number } {
    return this.#opened && !this.#closed ? this.#session.retained : NOTHING_HELD;
  }

  /** The session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } {
    const { state } = this.#session;
    return { at: this.#opened ? state.at : 'new', node: 'view' in state ? state.view.node : undefined };
  }

  #open(): void {
    const { pair } = this.options;
    this.#opened = true;
    this.#forgetPrimary = pair.keepInformed(this.#session);
    this.#session.open(pair.topology.primary);
  }

  #deliver(bytes: Buffer): void {
    const { downstream } = this;
    downstream.send(bytes);
    if (this.#choked || downstream.backlogBytes <= OUTPUT_HIGH_BYTES || this.#session.client.listening) return;
    // What one turn brings is not sent before its end: a large answer is a backlog only if it stays.
    this.#choked = true;
    this.#session.pause();
  }

  /** Nothing outstanding is never full: one command may be as large as it likes, and so may a transaction. */
  #isFull(share: number): boolean {
    const { unanswered } = this.#session;
    if (unanswered === 0) return false;
    const { clientBytesMax, clientCommandsMax } = this.options.limits;
    const bytesMax = this.#choked ? clientBytesMax : Math.min(clientBytesMax, WINDOW_BYTES);
    return this.#session.retained.bytes > bytesMax * share || unanswered > clientCommandsMax * share;
  }

  #relieved(): void {
    if (this.#ending !== undefined) this.#maybeFinish();
    if (!this.#waiting || this.#closed || this.#isFull(0.5)) return;
    this.#waiting = false;
    this.downstream.resume();
  }

  #maybeFinish(): void {
    if (this.#closed || !this.#isSettled) return;
    this.downstream.finish(this.#ending === 'gateway' ? 'drained' : undefined);
  }

  /**
   * The client is owed nothing. That holds for one that waits in BLPOP, too: when a client is gone without a word, its
   * connection's end is all that tells, and it must not be given an element then. Half a command or transaction is worth
   * waiting for only when the client can still send the rest.
   */
  get #isSettled(): boolean {
    const { unanswered, retained, blocked } = this.#session;
    if (!this.#opened || blocked) return true;
    return unanswered === 0 && (this.#ending === 'client' || retained.bytes === 0);
  }

  #ended(reason: string | undefined): void {
    if (this.#closed) return;
    this.downstream.finish(reason === undefined ? this.#unreadable : 'upstream');
  }

  #onEvent(event: SessionEvent): void {
    if (event.type === 'unreadable') {
      this.#unreadable = event.code === 'SEGUE_RESP_COMMAND_TOO_LARGE' ? 'command-size' : 'protocol';
    }
    this.options.onEvent(event);
  }
}
