/** What a session tells about itself. Times are in milliseconds. */
export type SessionEvent =
  /** Commands are held from now on. `limitMs`: no longer than this, since it is by notice (`cause`) of a coming switch. */
  | { type: 'hold'; node: string | undefined; cause: string; limitMs?: number }
  /** A hold by notice has ended and commands go to the same node again. `heldMs`: how long it was. */
  | { type: 'resume'; node: string; why: 'released' | 'ran-out' | 'held-too-long'; heldMs: number }
  /** The session is with a node. `replayed`: commands sent again; `heldMs`: how long it was with none. */
  | { type: 'move'; node: string; term: number; replayed: number; heldMs: number }
  /** A SCAN (SSCAN, HSCAN, ZSCAN) came with a cursor of another server process: its iteration starts again on `node`. */
  | { type: 'scan-restart'; node: string }
  /**
   * Messages went on at this node without loss or repetition. `tookMs`: until the same place was known in both nodes'
   * streams; `ahead`: that was before the old node was left.
   */
  | { type: 'handed-over'; node: string; subscriptions: number; ahead: boolean; tookMs: number }
  /** Subscriptions were made anew at this node, for this reason: messages published meanwhile may be missed. */
  | { type: 'resubscribed'; node: string; subscriptions: number; reason: string }
  /** A node could not be joined. */
  | { type: 'join-failed'; node: string; reason: string }
  /** A connection was lost and this many commands were answered UNCERTAIN. */
  | { type: 'uncertain'; node: string; commands: number }
  /** The client sent what is no RESP, or more than a limit allows. It is answered so, and the session ends. */
  | { type: 'unreadable'; code: string }
  /** Commands were given up with this error code. */
  | { type: 'given-up'; code: string; commands: number };
