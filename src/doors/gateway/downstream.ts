/** The client's connection, as its door needs it. */
export interface Downstream {
  /** By reference, in order. */
  send(bytes: Buffer): void;
  /** What was sent leaves now, and not at the end of the turn. True: all of it has. */
  flush(): boolean;
  /** Bytes sent that the client has not taken. */
  readonly backlogBytes: number;
  /** Reading from the client. At most one more chunk comes. */
  pause(): void;
  resume(): void;
  /** Sends what waits, then closes. `why`: for what reason, if the client did not wish it. */
  finish(why?: FollowEnd): void;
  /** Something was thrown where nobody else sees it: the session is over. */
  fault(error: unknown): void;
}

/** Why a session was ended against the client's wish. */
export type FollowEnd = 'protocol' | 'command-size' | 'upstream' | 'drained';
