import type net from 'node:net';

/** What a connection's writer needs to know of the connection, and tells it. */
export interface WriterOwner {
  /** Open, and nothing waits in the socket. */
  readonly writable: boolean;
  /** A write had left bytes behind; now all have left. */
  onWritable(): void;
}

/** Writes to a socket, and notices when a write leaves bytes behind and when they have left. */
export class SocketWriter {
  #corks = 0;
  #backlogged = false;

  constructor(
    private readonly socket: net.Socket,
    private readonly owner: WriterOwner,
  ) {}

  write(chunk: Buffer): void {
    this.socket.write(chunk, this.#onWritten);
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
    if (this.#corks === 0 && this.socket.writableLength !== 0) this.#backlogged = true;
  }

  /** Shared by all writes, which lets Node batch the calls; runs after the write has left, or failed. */
  readonly #onWritten = (): void => {
    if (!this.#backlogged || !this.owner.writable) return;
    this.#backlogged = false;
    this.owner.onWritable();
  };
}
