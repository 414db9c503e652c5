import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { type Address, formatAddress } from './address.js';
import { Inbound } from './inbound.js';
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
  /** `host:port` of the client; `unix` for a unix socket, whose clients have no address. */
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

/** TLS of a listening socket, as tls.createServer takes it. With `requestCert` and `ca`: only clients with a certificate. */
export type ListenTls = tls.TlsOptions;

export interface ListenOptions {
  tls?: ListenTls;
  /** For TLS: from the connection to the end of the handshake. Default 10 000. */
  handshakeTimeoutMs?: number;
  /** For TLS: handshakes under way at a time; further connections are closed at once. Default 1000. */
  handshakesMax?: number;
  /** Connections that the kernel keeps until they are accepted. Default 511. */
  backlog?: number;
  /** Permissions of a unix socket. Default 0o700: only this user. */
  unixMode?: number;
  /** Idle time before the kernel probes the other side. Default 60 000. */
  keepAliveMs?: number;
  /** A handshake failed, or was one too many. For counting: nobody was let in. */
  onRejected?: (reason: string) => void;
}

/** A socket that accepts connections. */
export interface Listening {
  /** Where it listens; with the port that the system chose for port 0. */
  readonly address: Address;
  /** For connections from now on. Throws what tls.createSecureContext throws; then nothing has changed. */
  renewTls(options: ListenTls): void;
  /** No connection is accepted any more; those that are open stay. */
  close(): Promise<void>;
}

/** The address is taken, not ours, or not permitted. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'SEGUE_LISTEN';

  constructor(address: Address, cause: Error) {
    super(`cannot listen on ${formatAddress(address)}: ${cause.message}`, { cause });
  }
}

const KEEP_ALIVE_MS = 60_000;

/**
 * Accepts connections. A unix socket that a former process has left behind is replaced; anything else in its place is an
 * error. Port 0: any free one. Rejects with a ListenError.
 */
export async function listen(
  address: Address,
  onConnection: (link: AcceptedLink) => AcceptedHandlers,
  options: ListenOptions = {},
): Promise<Listening> {
  const accept = (accepted: net.Socket) => {
    const inbound = new Inbound(accepted);
    const link = new SocketAcceptedLink(inbound.socket, options.keepAliveMs ?? KEEP_ALIVE_MS);
    // Nothing comes before this turn is over.
    inbound.start((chunk) => link.onData(chunk));
    link.serve(onConnection(link));
  };
  try {
    const server = options.tls === undefined ? plainServer(accept) : tlsServer(accept, options.tls, options);
    await bind(server, address, options.backlog);
    if (address.kind === 'unix') chmodSync(address.path, options.unixMode ?? 0o700);
    return new ServerListening(server, address);
  } catch (error) {
    throw new ListenError(address, error as Error);
  }
}

function plainServer(accept: (socket: net.Socket) => void): net.Server {
  return net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
}

function tlsServer(accept: (socket: net.Socket) => void, secure: ListenTls, options: ListenOptions): tls.Server {
  const { handshakeTimeoutMs = 10_000, handshakesMax = 1_000, onRejected } = options;
  const shaking = new Set<unknown>();
  const server = tls.createServer({ ...secure, handshakeTimeout: handshakeTimeoutMs, allowHalfOpen: true }, accept);
  server.on('connection', (socket: net.Socket) => {
    if (shaking.size >= handshakesMax) {
      onRejected?.('too many TLS handshakes at a time');
      socket.destroy();
      return;
    }
    shaking.add(socket);
    socket.once('close', () => shaking.delete(socket));
    socket.setNoDelay(true);
  });
  const over = (socket: tls.TLSSocket) => shaking.delete((socket as unknown as { _parent?: unknown })._parent);
  server.on('secureConnection', over);
  server.on('tlsClientError', (error, socket) => {
    over(socket);
    // Node itself leaves a connection open whose handshake did not come in time.
    socket.destroy();
    onRejected?.(error.message);
  });
  return server;
}

async function bind(server: net.Server, address: Address, backlog = 511): Promise<void> {
  if (address.kind === 'unix') await removeStale(address.path);
  const where =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port, ipv6Only: false };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Removes a socket at which nobody answers. */
async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const answered = await new Promise<boolean>((resolve) => {
    const probe = net.connect({ path });
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
  if (!answered) unlinkSync(path);
}

class ServerListening implements Listening {
  readonly address: Address;
  readonly #server: net.Server;
  #closed: Promise<void> | undefined;

  constructor(server: net.Server, address: Address) {
    this.#server = server;
    const bound = server.address();
    this.address =
      address.kind === 'tcp' && bound !== null && typeof bound === 'object'
        ? { ...address, port: bound.port }
        : address;
    // Running out of file descriptors, for example: those who are here go on, others try again.
    server.on('error', () => {});
  }

  renewTls(options: ListenTls): void {
    if (!(this.#server instanceof tls.Server)) throw new TypeError('this listener has no TLS');
    this.#server.setSecureContext(options);
  }

  /** Resolves at once although connections are open: net.Server would wait for them. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close();
      // The kernel stops accepting in this turn of the event loop; whoever was accepted before has been told of by the next.
      setImmediate(resolve);
    });
    return this.#closed;
  }
}

class SocketAcceptedLink implements AcceptedLink, WriterOwner {
  readonly remote: string;
  readonly #socket: net.Socket;
  #handlers: AcceptedHandlers | undefined;
  readonly #writer: SocketWriter;
  #closed = false;
  #error: Error | undefined;

  constructor(socket: net.Socket, keepAliveMs: number) {
    this.#socket = socket;
    this.#writer = new SocketWriter(socket, this);
    socket.setKeepAlive(true, keepAliveMs);
    const { remoteAddress: host, remotePort: port } = socket;
    this.remote = host === undefined || port === undefined ? 'unix' : formatAddress({ kind: 'tcp', host, port });
  }

  serve(handlers: AcceptedHandlers): void {
    this.#handlers = handlers;
    const socket = this.#socket;
    socket.once('end', () => {
      if (!this.#closed) handlers.onEnd();
    });
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.once('close', () => {
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
