import {
  type ClientDescription,
  type Identity,
  SESSION_DEFAULTS,
  type Session,
  type SessionEvent,
  type SessionOptions,
} from '../../session/index.js';
import type { PrimaryView } from '../../topology/index.js';
import type { Pair, SessionPlace } from '../pair.js';
import type { Downstream, FollowEnd } from './downstream.js';

export interface OwnSessionOptions {
  readonly pair: Pair;
  readonly session: Partial<SessionOptions>;
  /** What one client may have outstanding. */
  readonly limits: {
    readonly clientCommandsMax: number;
    readonly clientBytesMax: number;
    readonly outputBytesMax: number;
  };
  /** An answer of the gateway's own, instead of sending the command. */
  answers(name: string, args: readonly Buffer[]): Buffer | undefined;
  /** Given: the client only reads, from replicas, and what may write is answered with this error. */
  readonly writesRefused?: Buffer;
  onEvent(event: SessionEvent): void;
}

/** Who has a session of its own. */
export interface SessionOwner {
  readonly downstream: Downstream;
  /** Less may be outstanding than before. */
  relieved(): void;
  /** It cannot go on; or, without a reason, the client has said good-bye. */
  sessionEnded(why: FollowEnd | undefined): void;
}

/** While answers flow, no more than this is outstanding: more would only wait at the node. */
export const WINDOW_BYTES = 256 * 1024;
/** A client that has this much to read is sent nothing more for the moment. */
export const OUTPUT_HIGH_BYTES = 256 * 1024;
/** The session's own bounds are further off than ours by what may be on its way when reading is paused. */
const SLACK_BYTES = 1024 * 1024;
const SLACK_COMMANDS = 100_000;

/**
 * A session that carries one client alone. A client that does not read makes it stop reading from the node; what the client
 * sends meanwhile is taken up to its own limit, since many clients write a whole pipeline before they read. Subscribers are
 * the exception: the node would drop their connection, and messages with it, unseen. For them the gateway's own limit on
 * output counts.
 */
export class OwnSession implements SessionPlace {
  readonly #session: Session<PrimaryView>;
  readonly #forgetPrimary: () => void;
  /** The node is not read. */
  #choked = false;
  #closed = false;
  #unreadable: FollowEnd | undefined;

  /** `identity`: of a client that has begun elsewhere. */
  constructor(
    private readonly owner: SessionOwner,
    private readonly options: OwnSessionOptions,
    identity?: Identity,
  ) {
    const { pair } = options;
    this.#session = pair.session(this, boundsOf(options), identity);
    this.#forgetPrimary = pair.keepInformed(this.#session);
    this.#session.open(pair.topology.primary);
  }

  /** Bytes from the client, borrowed. */
  take(bytes: Buffer): void {
    this.#session.take(bytes, true);
    this.#session.flush();
  }

  /** The client has taken all that waited for it. */
  drained(): void {
    if (!this.#choked) return;
    this.#choked = false;
    this.#session.resume();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetPrimary();
    this.#session.close();
  }

  /** No more should be taken. Nothing outstanding is never full: one command may be as large as it likes, and so may a transaction. */
  isFull(share: number): boolean {
    const { unanswered } = this.#session;
    if (unanswered === 0) return false;
    const { clientBytesMax, clientCommandsMax } = this.options.limits;
    const bytesMax = this.#choked ? clientBytesMax : Math.min(clientBytesMax, WINDOW_BYTES);
    return this.#session.retained.bytes > bytesMax * share || unanswered > clientCommandsMax * share;
  }

  /** Nothing is owed, begun or open, and the client reads. */
  get atRest(): boolean {
    const { unanswered, retained } = this.#session;
    return unanswered === 0 && retained.bytes === 0 && !this.#choked;
  }

  /** Bytes come for it that it does not ask for one by one. */
  get listening(): boolean {
    return this.#session.client.listening;
  }

  /** The first command without an answer may wait in the server for as long as it likes. */
  get blocked(): boolean {
    return this.#session.blocked;
  }

  get identity(): Identity {
    return this.#session.identity;
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

  get held(): { bytes: number; commands: number } {
    return this.#session.retained;
  }

  /** The session's state, and the node that it is with, if any. */
  get state(): { at: string; node: string | undefined } {
    const { state } = this.#session;
    return { at: state.at, node: 'view' in state ? state.view.node : undefined };
  }

  // ---- what the session tells ------------------------------------------------------------------------------------

  deliver(bytes: Buffer): void {
    const { downstream } = this.owner;
    downstream.send(bytes);
    if (this.#choked || downstream.backlogBytes <= OUTPUT_HIGH_BYTES || this.listening) return;
    // What one turn brings is not sent before its end: a large answer is a backlog only if it stays.
    this.#choked = true;
    this.#session.pause();
  }

  spent(): boolean {
    return this.owner.downstream.flush();
  }

  breathe(): void {}

  relieved(): void {
    if (!this.#closed) this.owner.relieved();
  }

  ended(reason: string | undefined): void {
    if (!this.#closed) this.owner.sessionEnded(reason === undefined ? this.#unreadable : 'upstream');
  }

  onEvent(event: SessionEvent): void {
    if (event.type === 'unreadable') {
      this.#unreadable = event.code === 'SEGUE_RESP_COMMAND_TOO_LARGE' ? 'command-size' : 'protocol';
    }
    this.options.onEvent(event);
  }

  answers(name: string, args: readonly Buffer[]): Buffer | undefined {
    return this.options.answers(name, args);
  }

  get writesRefused(): Buffer | undefined {
    return this.options.writesRefused;
  }

  faulted(error: unknown): void {
    this.owner.downstream.fault(error);
  }
}

/** No command of a client may be longer. */
export function commandBytesMaxOf({ session }: Pick<OwnSessionOptions, 'session'>): number {
  return session.commandBytesMax ?? SESSION_DEFAULTS.commandBytesMax;
}

const bounds = new WeakMap<OwnSessionOptions, Partial<SessionOptions>>();

/** One object for all sessions with these options. */
function boundsOf(options: OwnSessionOptions): Partial<SessionOptions> {
  const { session, limits } = options;
  const known = bounds.get(options) ?? {
    ...session,
    replayBytesMax: limits.clientBytesMax + SLACK_BYTES,
    replayCommandsMax: limits.clientCommandsMax + SLACK_COMMANDS,
  };
  bounds.set(options, known);
  return known;
}
