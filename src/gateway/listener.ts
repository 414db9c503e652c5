/**
 * The seam between the sockets of a gateway and what a listener makes of its clients. A kind of listener (`follow`,
 * `node`, …) never sees a socket: it is given clients, and answers with a handler for each.
 *
 * ```
 *   socket ── Client ──take──▶ ClientHandler ──▶ session or node
 *                    ◀──send──
 * ```
 */

/** One client, as a kind of listener sees it. All limits that concern its connection are kept behind this. */
export interface Client {
  /** Counts up from 1 in this process. */
  readonly id: number;
  /** `host:port`, or `unix`; behind a load balancer what its PROXY header says. */
  readonly remote: string;
  /** Bytes for the client, in order, by reference: they may not change any more. What one turn brings leaves in one write. */
  send(bytes: Buffer): void;
  /** What was sent leaves now, as far as the client takes it. True: all of it has. */
  flush(): boolean;
  /** Bytes sent that the client has not taken yet. When it exceeds a few hundred KiB the handler should send less. */
  readonly backlogBytes: number;
  /** No `take` until resume(): the client feels it. At most one more chunk comes. */
  pause(): void;
  resume(): void;
  /** Everything has been said: sends what is still to be sent, then closes. Nothing is taken any more. `why`: not by the client's own wish. */
  finish(why?: CloseReason): void;
  /** At once, and what was not sent is dropped. */
  close(why: CloseReason): void;
  /**
   * Something of ours was thrown while this client was served, where the listener does not see it (an answer of a node, a
   * timer): the client is closed, and it is logged. What the handler's own methods throw needs no such word.
   */
  fault(error: unknown): void;
}

/** Why a client's connection was closed by us. `limits.ts` says more of those that are limits. */
export type CloseReason =
  | 'connections'
  | 'held'
  | 'command-size'
  | 'output'
  | 'stalled'
  | 'idle'
  | 'handshake'
  /** No PROXY header came where one is asked for, or one that cannot be read. */
  | 'proxy-header'
  /** Bytes that are no RESP. */
  | 'protocol'
  /** Something of ours went wrong while it was served: the log has more. */
  | 'fault'
  /** The node or session behind it has ended. */
  | 'upstream'
  /** The gateway stops. */
  | 'drained'
  /** The time for stopping was over. */
  | 'stopped';

/** How things stand with a client, for the limits on its time. */
export type ClientStanding =
  /** Has not sent a whole command yet, or has not logged in where that is required: the handshake limit counts. */
  | 'new'
  /** Owes nothing and is owed nothing: the idle limit counts. */
  | 'idle'
  /** Waits for answers, or is in the middle of a command or transaction. */
  | 'busy'
  /** Is subscribed to something, or monitors: it may be silent for as long as it likes. */
  | 'listening';

/** What serves one client. Called in the order in which things happen; `gone` comes exactly once and last. */
export interface ClientHandler {
  /** Bytes from the client, any part of any number of commands. Borrowed: what is needed later must be copied. */
  take(bytes: Buffer): void;
  /** The client will send no more, but may still read: answer what is owed, then `finish()`. */
  ended(): void;
  /** `backlogBytes` was not 0 and now is. */
  drained(): void;
  /** The gateway stops: `finish()` as soon as the client is owed nothing. May be called again. */
  wind(): void;
  /** The connection is gone, whoever ended it. */
  gone(): void;
  readonly standing: ClientStanding;
  /** Whole commands that it has sent so far. */
  readonly commands: number;
  /**
   * Of these, how many have been answered, for measuring how long that takes. Undefined: not to be measured, as while it
   * waits in BLPOP or is subscribed.
   */
  readonly answered?: number | undefined;
  /** Bytes and commands kept for it at this moment. */
  readonly held: { bytes: number; commands: number };
  /** Fit to be shown: no password. Fields that do not apply are left out. */
  describe(): ClientDescription;
}

export interface ClientDescription {
  readonly user?: string;
  readonly name?: string;
  /** As the client's library calls itself (CLIENT SETINFO). */
  readonly library?: string;
  readonly protocol?: 2 | 3;
  readonly database?: string;
  /** The node that it is with, if any. */
  readonly node?: string;
  /** Its commands go over a connection that it has in common with others. */
  readonly shared?: boolean;
  /** In one word, for people: `flowing`, `holding`, … */
  readonly state?: string;
}

/** A kind of listener at work: one for each listener of the configuration. */
export interface ListenerKind {
  /** Serves a client. The handler's `take` is not called before this has returned. */
  accept(client: Client): ClientHandler;
  /** Undefined: it can serve. Otherwise why not, in one sentence for /readyz. */
  readonly unready: string | undefined;
  /** Connections to nodes that clients have in common at this moment. */
  readonly sharedConnections: number;
  /** After the last client is gone. */
  close(): void;
}
