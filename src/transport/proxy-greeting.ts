import type net from 'node:net';
import { clock } from './clock.js';
import { ProxyHeaderError, readProxyHeader } from './proxy-protocol.js';

export interface GreetingOptions {
  readonly timeoutMs: number;
  /** Connections whose header is awaited, at a time; further ones are closed at once. */
  readonly greetingsMax: number;
  /** A connection was closed for this reason. */
  onRejected(reason: string): void;
}

/** Waits for the PROXY header of every connection. */
export class ProxyGreetings {
  #waiting = 0;

  constructor(private readonly options: GreetingOptions) {}

  /**
   * Takes the first bytes of a connection, in any chunks, until the header is whole: then `onClient` is told the client's
   * address, if there is one, and the client's own bytes that came behind. A connection without a header is closed.
   */
  await(socket: net.Socket, onClient: (remote: string | undefined, rest: Buffer) => void): (chunk: Buffer) => void {
    let bytes: Buffer = Buffer.alloc(0);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      this.#waiting--;
      clock.clearTimer(timer);
    };
    const reject = (reason: string): void => {
      if (isOver) return;
      over();
      socket.destroy();
      this.options.onRejected(reason);
    };
    const timer = clock.setTimer(this.options.timeoutMs, () => reject('no PROXY header came in time'), { unref: true });
    if (++this.#waiting > this.options.greetingsMax) reject('too many connections without a PROXY header at a time');
    socket.once('end', () => reject('it ended before its PROXY header'));
    socket.once('close', () => reject('it was closed before its PROXY header'));
    // What is wrong with the connection is told by its close.
    socket.on('error', () => {});
    return (chunk) => {
      if (isOver) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      try {
        const header = readProxyHeader(bytes);
        if (header === undefined) {
          // Chunks are borrowed.
          if (bytes === chunk) bytes = Buffer.from(chunk);
          return;
        }
        over();
        onClient(header.remote, bytes.subarray(header.length));
      } catch (error) {
        if (!(error instanceof ProxyHeaderError)) throw error;
        reject(error.message);
      }
    };
  }
}
