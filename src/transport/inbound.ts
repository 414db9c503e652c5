import net from 'node:net';
import tls from 'node:tls';

/** What all plain connections are read into, one after the other: nobody keeps it, and no read allocates. */
const shared = Buffer.allocUnsafeSlow(128 * 1024);

/** A handle, as sockets of Node have it; not documented. */
type Handled = net.Socket & { _handle?: object | null };

/**
 * Reads an accepted connection. Node reads into a fresh 64 KiB for every `data` event, and the collector pays for that; a
 * socket that is made with `onread` reads into a buffer of ours. Servers cannot ask for it, so the accepted socket's handle is given to a
 * socket of our own. Where that is not possible (TLS, or a Node without handles) it is `data` events.
 */
export class Inbound {
  /** The one to use from now on. */
  readonly socket: net.Socket;
  readonly #isShared: boolean;
  #onChunk: ((chunk: Buffer) => void) | undefined;

  constructor(accepted: net.Socket) {
    const rewrapped = accepted instanceof tls.TLSSocket ? undefined : this.#rewrap(accepted);
    this.#isShared = rewrapped !== undefined;
    this.socket = rewrapped ?? accepted;
  }

  /** Chunks are borrowed: valid during the call. */
  start(onChunk: (chunk: Buffer) => void): void {
    this.#onChunk = onChunk;
    if (!this.#isShared) this.socket.on('data', onChunk);
    this.socket.resume();
  }

  #rewrap(accepted: Handled): net.Socket | undefined {
    const handle = accepted._handle;
    if (handle === undefined || handle === null) return undefined;
    const onread: net.OnReadOpts = {
      buffer: shared,
      callback: (bytes) => {
        this.#onChunk?.(shared.subarray(0, bytes));
        return true;
      },
    };
    const options = { handle, onread, allowHalfOpen: true };
    const socket = new net.Socket(options as net.SocketConstructorOpts);
    // The server counts the accepted socket until it is destroyed, which must not close the handle. An idle client is not
    // to pay for two sockets, so that is done now and not at the end.
    accepted._handle = null;
    accepted.destroy();
    return socket;
  }
}
