/** What a session tells about itself. Times are in milliseconds. */
export type SessionEvent =
  /** Commands are held from now on. `limitMs`: no longer than this, since it is by notice (`cause`) of a coming switch. */
  | { type: 'hold'; node: string | undefined; cause: string; limitMs?: number }
  /** A hold by notice has ended and commands go to the same node again. `heldMs`: how long it was. */
  | { type: 'resume'; node: string; why: 'released' | 'ran-out' | 'held-too-long'; heldMs: number }
  /**
   * The session is with a node. `replayed`: commands sent again; `discarded`: answers of the node before that the client was
   * not given, since their commands run again; `swallowed`: answers that it will not be given, since it has them already.
   * `heldMs`: how long the session was with no node; `replica`: it only reads there.
   */
  | {
      type: 'move';
      node: string;
      term: number;
      replayed: number;
      discarded: number;
      swallowed: number;
      heldMs: number;
      replica?: true;
    }
  /** The connection to the node is gone, or is given up since no answer came. `unanswered`: commands on the wire. */
  | { type: 'lost'; node: string; reason: string; unanswered: number }
  /** The node said something that nobody had asked for. */
  | { type: 'remark'; node: string; text: string }
  /** A session that reads from replicas leaves this one, and no other is fit: it reads from the primary meanwhile. */
  | { type: 'no-replica'; node: string }
  /** A SCAN (SSCAN, HSCAN, ZSCAN) came with a cursor of another server process: its iteration starts again on `node`. */
  | { type: 'scan-restart'; node: string }
  /**
   * Messages went on at this node without loss or repetition. `tookMs`: until the same place was known in both nodes'
   * streams; `ahead`: that was before the old node was left.
   */
  | { type: 'handed-over'; node: string; subscriptions: number; ahead: boolean; tookMs: number }
  /**
   * Subscriptions were made anew at this node, for this reason: messages published meanwhile may be missed. `gapMs`: how
   * long nothing was heard.
   */
  | { type: 'resubscribed'; node: string; subscriptions: number; reason: string; gapMs: number }
  /** The client is told to forget what it has cached: this node has not seen what it read. */
  | { type: 'tracking-reset'; node: string }
  /** MONITOR was begun again at this node; lines of the time between are missed. */
  | { type: 'monitor-restart'; node: string }
  /** A WATCH was in force at this node when it was left: the EXEC that it is for answers nil. */
  | { type: 'watch-lost'; node: string }
  /** Scripts that the node lacked were loaded there. */
  | { type: 'scripts-loaded'; node: string; scripts: number }
  /** The node refused to set again what the client had set, or to say something that helps; the session does without. */
  | { type: 'restore-refused'; node: string; command: string; reason: string }
  /** A node could not be joined. `ahead`: before the session needed it. */
  | { type: 'join-failed'; node: string; reason: string; ahead: boolean }
  /** A connection was lost and nobody knows of this many commands whether they ran. */
  | { type: 'uncertain'; node: string; commands: number; fate: 'answered' | 'run-again' }
  /** The client sent what is no RESP, or more than a limit allows. It is answered so, and the session ends. */
  | { type: 'unreadable'; code: string }
  /** The session has ended against the client's wish, which cannot be served any further on this connection. */
  | { type: 'ended'; reason: string }
  /** Commands were given up with this error code. */
  | { type: 'given-up'; code: string; commands: number };
