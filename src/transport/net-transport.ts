import net from 'node:net';
import tls from 'node:tls';
import type { Address } from './address.js';
import { clock, type Timer } from './clock.js';
import { Landing } from './landing.js';
import { type DialOptions, type Link, LinkError, type LinkHandlers, type Transport } from './link.js';
import { SocketWriter, type WriterOwner } from './socket-writer.js';

const KEEP_ALIVE_MS = 5000;
/** At a switch hundreds of links are left at once; closing them must not delay the commands that go on elsewhere. */
const RETIREMENT_MS = 20;

/** TCP, TLS and unix sockets of Node. */
export const netTransport: Transport = {
  dial: (address, handlers, options) => new SocketLink(address, handlers, options),
};

type Phase = 'dialling' | 'open' | 'closed';

class SocketLink implements Link, WriterOwner {
  readonly #address: Address;
  readonly #handlers: LinkHandlers;
  readonly #socket: net.Socket;
  #phase: Phase = 'dialling';
  #error: LinkError | undefined;
  #dialTimer: Timer | undefined;
  readonly #landing: Landing | undefined;
  readonly #writer: SocketWriter;

  constructor(address: Address, handlers: LinkHandlers, options: DialOptions) {
    this.#address = address;
    this.#handlers = handlers;
    // A TLS socket decrypts into memory of its own.
    this.#landing = options.burden === undefined || options.tls ? undefined : new Landing(options.burden);
    this.#socket = openSocket(address, options, this.#onread());
    this.#writer = new SocketWriter(this.#socket, this);
    this.#socket.setNoDelay(true);
    if (options.unref) this.#socket.unref();
    this.#listen(options.tls ? 'secureConnect' : 'connect');
    this.#dialTimer = clock.setTimer(
      options.connectTimeoutMs,
      () => this.#fail('SEGUE_LINK_TIMEOUT', `no connection within ${options.connectTimeoutMs} ms`),
      { unref: options.unref ?? false },
    );
  }

  get writable(): boolean {
    return this.#phase === 'open' && this.#socket.writableLength === 0;
  }

  write(chunk: Buffer): void {
    if (this.#phase === 'closed') return;
    this.#writer.write(chunk);
  }

  cork(): void {
    this.#writer.cork();
  }

  uncork(): void {
    this.#writer.uncork();
  }

  onWritable(): void {
    this.#handlers.onWritable();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  spent(): void {
    this.#landing?.spent();
  }

  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#socket.destroy();
  }

  retire(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    clock.setTimer(RETIREMENT_MS, () => this.#socket.destroy(), { unref: true });
  }

  #listen(openEvent: 'connect' | 'secureConnect'): void {
    const socket = this.#socket;
    socket.once(openEvent, () => {
      if (this.#phase !== 'dialling') return;
      this.#phase = 'open';
      clock.clearTimer(this.#dialTimer);
      this.#handlers.onOpen();
    });
    if (this.#landing === undefined) socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    // The other side will send no more, so nothing that we could still send would be answered.
    socket.once('end', () => this.#endedByPeer());
    socket.on('error', (error) => {
      const [code, what] =
        this.#phase === 'dialling'
          ? (['SEGUE_LINK_DIAL', 'cannot connect'] as const)
          : (['SEGUE_LINK_LOST', 'connection lost'] as const);
      this.#fail(code, `${what}: ${reasonOf(error)}`, error);
    });
    socket.once('close', () => {
      this.#phase = 'closed';
      clock.clearTimer(this.#dialTimer);
      this.#handlers.onClose(this.#error);
    });
  }

  #onData(chunk: Buffer): void {
    if (this.#phase === 'open') this.#handlers.onData(chunk);
  }

  #onread(): net.OnReadOpts | undefined {
    const landing = this.#landing;
    if (landing === undefined) return undefined;
    return {
      buffer: () => landing.room,
      callback: (bytes) => {
        this.#onData(landing.landed(bytes));
        landing.turn();
        return true;
      },
    };
  }

  #endedByPeer(): void {
    if (this.#phase === 'dialling') this.#fail('SEGUE_LINK_DIAL', 'the other side hung up');
    else this.close();
  }

  #fail(code: LinkError['code'], reason: string, cause?: unknown): void {
    if (this.#phase === 'closed') return;
    this.#error = new LinkError(code, this.#address, reason, cause);
    this.close();
  }
}

/** Unusable TLS material or a bad path throws in Node; here it is a dial that failed, like any other. */
function openSocket(address: Address, options: DialOptions, onread?: net.OnReadOpts): net.Socket {
  try {
    return connect(address, options, onread);
  } catch (error) {
    return new net.Socket().destroy(error as Error);
  }
}

function connect(address: Address, options: DialOptions, onread?: net.OnReadOpts): net.Socket {
  const target = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: options.keepAliveMs ?? KEEP_ALIVE_MS };
  if (!options.tls) return net.connect({ ...target, ...keepAlive, ...(onread === undefined ? {} : { onread }) });
  const named = address.kind === 'tcp' && net.isIP(address.host) === 0 ? { servername: address.host } : {};
  const socket = tls.connect({ ...named, ...options.tls, ...target });
  socket.setKeepAlive(true, keepAlive.keepAliveInitialDelay);
  return socket;
}

/** Happy Eyeballs failures are an AggregateError without a message of its own. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((e: Error) => e.message).join('; ');
  return error.message;
}
