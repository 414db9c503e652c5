import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { type AcceptedHandlers, type AcceptedLink, SocketAcceptedLink } from './accepted-link.js';
import { type Address, formatAddress } from './address.js';
import { Inbound } from './inbound.js';
import { ProxyGreetings } from './proxy-greeting.js';

/** TLS of a listening socket, as tls.createServer takes it. With `requestCert` and `ca`: only clients with a certificate. */
export type ListenTls = tls.TlsOptions;

export interface ListenOptions {
  tls?: ListenTls;
  /** Every connection begins with a header of the PROXY protocol, version 2, before TLS. One without is closed. */
  proxyProtocol?: boolean;
  /** From the connection to the end of the PROXY header, and from there to the end of the TLS handshake. Default 10 000. */
  handshakeTimeoutMs?: number;
  /** PROXY headers that are awaited, and TLS handshakes under way, at a time; further connections are closed at once. Default 1000. */
  handshakesMax?: number;
  /** Connections that the kernel keeps until they are accepted. Default 511. */
  backlog?: number;
  /** Permissions of a unix socket. Default 0o700: only this user. */
  unixMode?: number;
  /** Idle time before the kernel probes the other side. Default 60 000. */
  keepAliveMs?: number;
  /**
   * Who listens at this very TCP address: its socket is taken over, so that nobody is refused in between. It accepts no more
   * then; what it has accepted stays its own. When this fails it goes on as before.
   */
  takeOver?: Listening;
  /** A PROXY header or handshake failed, or was one too many. For counting: nobody was let in. */
  onRejected?: (reason: string, at: 'proxy-header' | 'handshake') => void;
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
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HANDSHAKES_MAX = 1_000;

/**
 * Accepts connections. A unix socket that a former process has left behind is replaced; anything else in its place is an
 * error. Port 0: any free one. Rejects with a ListenError.
 */
export async function listen(
  address: Address,
  onConnection: (link: AcceptedLink) => AcceptedHandlers,
  options: ListenOptions = {},
): Promise<Listening> {
  const accept: Accept = (accepted, remote) => {
    const inbound = new Inbound(accepted);
    const link = new SocketAcceptedLink(inbound.socket, options.keepAliveMs ?? KEEP_ALIVE_MS, remote);
    // Nothing comes before this turn is over.
    inbound.start((chunk) => link.onData(chunk));
    link.serve(onConnection(link));
  };
  const acceptGreeting = (accepted: net.Socket, greetings: ProxyGreetings) => {
    const inbound = new Inbound(accepted);
    let link: SocketAcceptedLink | undefined;
    const greet = greetings.await(inbound.socket, (remote, rest) => {
      link = new SocketAcceptedLink(inbound.socket, options.keepAliveMs ?? KEEP_ALIVE_MS, remote);
      link.serve(onConnection(link));
      if (rest.length > 0) link.onData(rest);
    });
    inbound.start((chunk) => (link === undefined ? greet(chunk) : link.onData(chunk)));
  };
  try {
    const { server, secure } = serverOf(accept, acceptGreeting, options);
    await bind(server, address, options);
    if (address.kind === 'unix') chmodSync(address.path, options.unixMode ?? 0o700);
    return new ServerListening(server, secure, address);
  } catch (error) {
    throw new ListenError(address, error as Error);
  }
}

/** `remote`: the client's address, where the connection's own is another. */
type Accept = (socket: net.Socket, remote?: string) => void;

/** The one that listens, and the one that does TLS: the same, unless a PROXY header comes before. */
function serverOf(
  accept: Accept,
  acceptGreeting: (socket: net.Socket, greetings: ProxyGreetings) => void,
  options: ListenOptions,
): { server: net.Server; secure: tls.Server | undefined } {
  const { tls: secureOptions, proxyProtocol = false } = options;
  if (!proxyProtocol) {
    const secure = secureOptions === undefined ? undefined : tlsServer(accept, secureOptions, options);
    return { server: secure ?? plainServer(accept), secure };
  }
  const greetings = new ProxyGreetings({
    timeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    greetingsMax: options.handshakesMax ?? HANDSHAKES_MAX,
    onRejected: (reason) => options.onRejected?.(reason, 'proxy-header'),
  });
  if (secureOptions === undefined) {
    return { server: plainServer((socket) => acceptGreeting(socket, greetings)), secure: undefined };
  }
  const remotes = new WeakMap<object, string | undefined>();
  const secure = tlsServer((socket) => accept(socket, remotes.get(beneath(socket)!)), secureOptions, options);
  const server = plainServer((socket) => {
    const greet = greetings.await(socket, (remote, rest) => {
      remotes.set(socket, remote);
      socket.pause();
      socket.off('data', greet);
      if (rest.length > 0) socket.unshift(rest);
      secure.emit('connection', socket);
    });
    socket.on('data', greet);
    socket.resume();
  });
  return { server, secure };
}

/** The connection that a TLS connection was made of. */
function beneath(socket: net.Socket): object | undefined {
  return (socket as unknown as { _parent?: object })._parent;
}

function plainServer(accept: (socket: net.Socket) => void): net.Server {
  return net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => accept(socket));
}

function tlsServer(accept: (socket: net.Socket) => void, secure: ListenTls, options: ListenOptions): tls.Server {
  const { handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS, handshakesMax = HANDSHAKES_MAX, onRejected } = options;
  const shaking = new Set<unknown>();
  const server = tls.createServer({ ...secure, handshakeTimeout: handshakeTimeoutMs, allowHalfOpen: true }, (socket) =>
    accept(socket),
  );
  server.on('connection', (socket: net.Socket) => {
    if (shaking.size >= handshakesMax) {
      onRejected?.('too many TLS handshakes at a time', 'handshake');
      socket.destroy();
      return;
    }
    shaking.add(socket);
    socket.once('close', () => shaking.delete(socket));
    socket.setNoDelay(true);
  });
  const over = (socket: tls.TLSSocket) => shaking.delete(beneath(socket));
  server.on('secureConnection', over);
  server.on('tlsClientError', (error, socket) => {
    over(socket);
    // Node itself leaves a connection open whose handshake did not come in time.
    socket.destroy();
    onRejected?.(error.message, 'handshake');
  });
  return server;
}

async function bind(server: net.Server, address: Address, options: ListenOptions): Promise<void> {
  const { backlog = 511, takeOver } = options;
  const former = address.kind === 'tcp' && takeOver instanceof ServerListening ? takeOver : undefined;
  if (address.kind === 'unix') await removeStale(address.path);
  const where =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port, ipv6Only: false };
  await new Promise<void>((resolve, reject) => {
    const listening = (): void => {
      server.off('error', reject);
      former?.giveUp();
      resolve();
    };
    server.once('error', reject);
    if (former !== undefined) server.listen(former.server, backlog, listening);
    else server.listen({ ...where, backlog }, listening);
  });
}

/** @throws what tls.createSecureContext throws, for a certificate or key that cannot be used. */
export function checkTls(options: ListenTls): void {
  tls.createSecureContext(options);
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
  #closed: Promise<void> | undefined;

  constructor(
    readonly server: net.Server,
    private readonly secure: tls.Server | undefined,
    address: Address,
  ) {
    const bound = server.address();
    this.address =
      address.kind === 'tcp' && bound !== null && typeof bound === 'object'
        ? { ...address, port: bound.port }
        : address;
    // Running out of file descriptors, for example: those who are here go on, others try again.
    server.on('error', () => {});
  }

  renewTls(options: ListenTls): void {
    if (this.secure === undefined) throw new TypeError('this listener has no TLS');
    this.secure.setSecureContext(options);
  }

  /** Its socket is another one's now: to close the server would close that. */
  giveUp(): void {
    this.#closed ??= Promise.resolve();
  }

  /** Resolves at once although connections are open: net.Server would wait for them. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.server.close();
      // The kernel stops accepting in this turn of the event loop; whoever was accepted before has been told of by the next.
      setImmediate(resolve);
    });
    return this.#closed;
  }
}
