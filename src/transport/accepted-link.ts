import type net from 'node:net';
import { formatAddress } from './address.js';
import { SocketWriter, type WriterOwner } from './socket-writer.js';

/**
 * What an accepted connection tells its owner. Nothing is called before `onConnection` has returned, and nothing after
 * onClose.
 */
export interface AcceptedHandlers {
  /** Bytes from the client, borrowed: whoever needs them after the call copies them. */
  onData(chunk: Buffer): void;
  /** The client will send no more (it may still read). The connection stays open until end() or close(). */
  onEnd(): void;
  /** Called once after each write() or last uncork() that left `writable` false, when `writable` is true again. */
  onWritable(): void;
  /** Exactly once. With an error when the connection was lost. */
  onClose(error?: Error): void;
}

/** One connection that a client has opened to us. It buffers nothing of its own. */
export interface AcceptedLink {
  /** `host:port` of the client, as its PROXY header says if there is one; `unix` for a unix socket, whose clients have none. */
  readonly remote: string;
  /** Every byte given so far has left this process. False while corked with bytes. */
  readonly writable: boolean;
  /** By reference: the memory must not change until `writable` again. After the close it does nothing. */
  write(chunk: Buffer): void;
  /** Several write()s until the matching uncork() leave in one system call. */
  cork(): void;
  uncork(): void;
  /** No onData until resume(); the kernel's buffer fills and the client feels it. One chunk may be on its way already. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then ends our side. onClose follows when the client has ended its side, too. */
  end(): void;
  /** At once, unsent bytes are dropped. onClose follows asynchronously. */
  close(): void;
}

export class SocketAcceptedLink implements AcceptedLink, WriterOwner {
  readonly remote: string;
  readonly #socket: net.Socket;
  #handlers: AcceptedHandlers | undefined;
  readonly #writer: SocketWriter;
  #closed = false;
  #error: Error | undefined;

  constructor(socket: net.Socket, keepAliveMs: number, remote?: string) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, this);
    socket.setKeepAlive(true, keepAliveMs);
    const { remoteAddress: host, remotePort: port } = socket;
    const own = host === undefined || port === undefined ? 'unix' : formatAddress({ kind: 'tcp', host, port });
    this.remote = remote ?? own;
  }

  serve(handlers: AcceptedHandlers): void {
    this.#handlers = handlers;
    const socket = this.#socket;
    // None comes twice; once() would keep two more objects for each.
    socket.on('end', () => {
      if (!this.#closed) handlers.onEnd();
    });
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      const lost = this.#closed ? undefined : this.#error;
      this.#closed = true;
      handlers.onClose(lost);
    });
  }

  onData(chunk: Buffer): void {
    if (!this.#closed) this.#handlers?.onData(chunk);
  }

  get writable(): boolean {
    return !this.#closed && this.#socket.writableLength === 0;
  }

  write(chunk: Buffer): void {
    if (this.#closed || this.#socket.writableEnded) return;
    this.#writer.write(chunk);
  }

  cork(): void {
    this.#writer.cork();
  }

  uncork(): void {
    this.#writer.uncork();
  }

  onWritable(): void {
    this.#handlers?.onWritable();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (!this.#closed) this.#socket.end();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
  }
}
