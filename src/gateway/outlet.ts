import type { AcceptedLink } from '../transport/index.js';

/** Bytes given to the kernel in one go: so one sees soon that a client has stopped reading, and how far it came. */
const BATCH_BYTES = 256 * 1024;

export interface OutletOwner {
  /** Bytes have left; all of them, if `drained`. */
  flushed(drained: boolean): void;
}

/**
 * What waits for a client, in order. The bytes are not copied: they wait as they came. What one turn of the event loop
 * brings leaves in one system call.
 */
export class Outlet {
  #queue: Buffer[] = [];
  /** Of #queue[0], that is with the kernel already. */
  #offset = 0;
  #queuedBytes = 0;
  /** Given to the link, which has not got rid of it. */
  #underWayBytes = 0;
  #due = false;
  #ended = false;
  /** Bytes that have left this process. */
  sentBytes = 0;

  constructor(
    private readonly link: AcceptedLink,
    private readonly owner: OutletOwner,
  ) {}

  get backlogBytes(): number {
    return this.#queuedBytes + this.#underWayBytes;
  }

  send(bytes: Buffer): void {
    if (bytes.length === 0 || this.#ended) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#due) return;
    this.#due = true;
    if (waiting.push(this) === 1) process.nextTick(endTurn);
  }

  /** After what waits has left, ends our side of the connection. */
  end(): void {
    this.#ended = true;
    if (this.backlogBytes === 0) this.link.end();
  }

  /** The link's backlog is gone. */
  onWritable(): void {
    this.sentBytes += this.#underWayBytes;
    this.#underWayBytes = 0;
    this.#write();
    this.#flushed();
  }

  /** Nothing will be sent any more. */
  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#underWayBytes = 0;
    this.#ended = true;
  }

  /** What the turn has brought is complete. */
  endTurn(): void {
    this.#due = false;
    this.flush();
  }

  /** As much as the link takes leaves now. */
  flush(): void {
    if (this.#underWayBytes > 0 || this.#queuedBytes === 0) return;
    this.#write();
    this.#flushed();
  }

  #flushed(): void {
    const drained = this.backlogBytes === 0;
    if (drained && this.#ended) this.link.end();
    else this.owner.flushed(drained);
  }

  #write(): void {
    const { link } = this;
    while (this.#queuedBytes > 0 && link.writable) {
      const bytes = this.#writeBatch();
      this.#queuedBytes -= bytes;
      if (link.writable) this.sentBytes += bytes;
      else this.#underWayBytes = bytes;
    }
  }

  #writeBatch(): number {
    const { link } = this;
    const first = this.#queue[0]!;
    if (this.#queue.length === 1 && this.#offset === 0 && first.length <= BATCH_BYTES) {
      this.#queue = [];
      link.write(first);
      return first.length;
    }
    let room = BATCH_BYTES;
    let taken = 0;
    link.cork();
    while (room > 0 && taken < this.#queue.length) {
      const part = this.#queue[taken]!;
      const to = Math.min(part.length, this.#offset + room);
      link.write(this.#offset === 0 && to === part.length ? part : part.subarray(this.#offset, to));
      room -= to - this.#offset;
      this.#offset = to === part.length ? 0 : to;
      if (to === part.length) taken++;
    }
    this.#queue.splice(0, taken);
    link.uncork();
    return BATCH_BYTES - room;
  }
}

/** Outlets with bytes for the end of the turn. */
let waiting: Outlet[] = [];

function endTurn(): void {
  const outlets = waiting;
  waiting = [];
  for (const outlet of outlets) outlet.endTurn();
}
