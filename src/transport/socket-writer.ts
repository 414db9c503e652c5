import type net from 'node:net';

/** What a connection's writer needs to know of the connection, and tells it. */
export interface WriterOwner {
  /** Open, and nothing waits in the socket. */
  readonly writable: boolean;
  /** A write had left bytes behind; now all have left. */
  onWritable(): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * Writes to a socket, and notices when a write leaves bytes behind and when they have left. A write that leaves none, as
 * nearly all do, has no callback: Node would take a turn of its own for each. Behind bytes that wait, a write of nothing
 * with a callback tells when they have left.
 */
export class SocketWriter {
  #corks = 0;
  #awaits = false;

  constructor(
    private readonly socket: net.Socket,
    private readonly owner: WriterOwner,
  ) {}

  write(chunk: Buffer): void {
    this.socket.write(chunk);
    this.#noteBacklog();
  }

  cork(): void {
    this.#corks++;
    this.socket.cork();
  }

  uncork(): void {
    if (this.#corks === 0) return;
    this.#corks--;
    this.socket.uncork();
    this.#noteBacklog();
  }

  #noteBacklog(): void {
    const { socket } = this;
    if (this.#corks > 0 || this.#awaits || socket.writableLength === 0 || socket.writableEnded) return;
    this.#awaits = true;
    socket.write(NOTHING, this.#onGone);
  }

  /** What was there when it was asked for has left, or the socket is closed. */
  readonly #onGone = (): void => {
    this.#awaits = false;
    if (this.owner.writable) this.owner.onWritable();
    else if (!this.socket.destroyed) this.#noteBacklog();
  };
}
