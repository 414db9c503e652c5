import { type Address, formatAddress } from './address.js';
import type { Clock } from './clock.js';
import { type DialOptions, type Link, LinkError, type LinkHandlers, type Transport } from './link.js';

/** `toServer`: what the link writes. `toClient`: what the server writes. */
export type Direction = 'toServer' | 'toClient';

export interface MemoryTransportOptions {
  /**
   * Runs deliveries. Default: queueMicrotask. With 'manual' nothing moves until step() or run() of the transport;
   * either way deliveries happen one by one in the order in which they were caused.
   */
  schedule?: 'microtask' | 'manual';
  /** For connectTimeoutMs; without it dials never time out. */
  clock?: Clock;
}

/** A made-up network inside one process, without time and without chance. */
export interface MemoryTransport extends Transport {
  /** Answers dials to `address` from now on. Dials to addresses without a listener are refused. */
  listen(address: Address, onConnection: (connection: MemoryConnection) => void): MemoryListener;
  /** Dials to `address` get no answer at all, like a host that is switched off. Undone by listen(). */
  blackhole(address: Address): void;
  /** Carries out the next delivery; false when there is none. For schedule 'manual'. */
  step(): boolean;
  /** Carries out deliveries until none is left. Returns how many; throws after `limit` (100 000): an endless exchange. */
  run(limit?: number): number;
  /** Every dial so far, as formatAddress writes it. */
  readonly dialled: readonly string[];
}

export interface MemoryListener {
  readonly connections: ReadonlySet<MemoryConnection>;
  /** Refuses from now on; open connections stay. */
  close(): void;
}

/** The server's side of one link. Set the handlers inside onConnection. */
export interface MemoryConnection {
  /** What the dialler asked for: TLS, timeouts. */
  readonly options: DialOptions;
  readonly open: boolean;
  onData: (chunk: Buffer) => void;
  /** The link is gone: closed by its owner, or by end() or cut() here. */
  onClose: () => void;
  write(chunk: Buffer | string): void;
  /** An orderly end, after everything written before it. What is still on its way from the link is dropped. */
  end(): void;
  /** A lost connection: everything on its way in either direction is dropped, the link closes with an error. */
  cut(reason?: string): void;
  /** Keeps chunks on their way, in order, until release(). The link's `writable` stays true. */
  hold(direction: Direction): void;
  release(direction: Direction): void;
  /** The kernel takes no more bytes: the link's writes queue up in it, `writable` is false after the first. */
  stall(): void;
  /** Takes `bytes` of the link's backlog (default: all of it and the stall ends). */
  unstall(bytes?: number): void;
  /** Bytes the link was given and could not send because of stall(). */
  readonly backlogBytes: number;
  /** Bytes that have left one side and not reached the other. */
  bytesOnTheWay(direction: Direction): number;
  /** The owner of the link has paused reading. */
  readonly paused: boolean;
}

type Listener = { onConnection: (connection: MemoryConnection) => void; connections: Set<MemoryConnection> };

export function memoryTransport(options: MemoryTransportOptions = {}): MemoryTransport {
  const listeners = new Map<string, Listener | 'blackhole'>();
  const dialled: string[] = [];
  const queue: (() => void)[] = [];

  function schedule(delivery: () => void): void {
    queue.push(delivery);
    if (options.schedule !== 'manual') queueMicrotask(step);
  }

  function step(): boolean {
    const delivery = queue.shift();
    delivery?.();
    return delivery !== undefined;
  }

  return {
    dialled,
    step,
    run(limit = 100_000) {
      for (let count = 0; count <= limit; count++) if (!step()) return count;
      throw new Error(`memoryTransport: still not quiet after ${limit} deliveries`);
    },
    blackhole(address) {
      listeners.set(formatAddress(address), 'blackhole');
    },
    listen(address, onConnection) {
      const key = formatAddress(address);
      const listener: Listener = { onConnection, connections: new Set() };
      listeners.set(key, listener);
      return {
        connections: listener.connections,
        close() {
          if (listeners.get(key) === listener) listeners.delete(key);
        },
      };
    },
    dial(address, handlers, dialOptions) {
      const key = formatAddress(address);
      dialled.push(key);
      const pair = new MemoryPair(address, handlers, dialOptions, schedule);
      if (options.clock) pair.limitDial(options.clock);
      schedule(() => {
        const listener = listeners.get(key);
        if (listener === 'blackhole') return;
        if (listener) pair.accept(listener);
        else pair.refuse();
      });
      return pair.link;
    },
  };
}

type Phase = 'dialling' | 'open' | 'closed';

/** Both ends of a connection and the two wires between them. */
class MemoryPair {
  readonly link: Link;
  readonly #server: MemoryConnection;
  readonly #address: Address;
  readonly #handlers: LinkHandlers;
  readonly #schedule: (delivery: () => void) => void;
  readonly #wires: Record<Direction, (Buffer | 'end')[]> = { toServer: [], toClient: [] };
  readonly #holding: Record<Direction, boolean> = { toServer: false, toClient: false };
  #phase: Phase = 'dialling';
  /** Given to the link, not yet taken by the "kernel": before onOpen, while corked, while stalled. */
  #unsent: Buffer[] = [];
  #corks = 0;
  #stalled = false;
  #backlogged = false;
  #paused = false;
  #stopDialTimer: () => void = () => {};
  #listener: Listener | undefined;

  constructor(
    address: Address,
    handlers: LinkHandlers,
    options: DialOptions,
    schedule: (delivery: () => void) => void,
  ) {
    this.#address = address;
    this.#handlers = handlers;
    this.#schedule = schedule;
    this.link = this.#clientSide();
    this.#server = this.#serverSide(options);
  }

  accept(listener: Listener): void {
    if (this.#phase !== 'dialling') return;
    this.#stopDialTimer();
    this.#listener = listener;
    listener.connections.add(this.#server);
    this.#phase = 'open';
    listener.onConnection(this.#server);
    // onConnection may have cut it already.
    if (this.#is('open')) this.#handlers.onOpen();
    this.#flush();
  }

  refuse(): void {
    this.#close(new LinkError('SEGUE_LINK_DIAL', this.#address, 'cannot connect: refused'));
  }

  limitDial(clock: Clock): void {
    const ms = this.#server.options.connectTimeoutMs;
    const error = new LinkError('SEGUE_LINK_TIMEOUT', this.#address, `no connection within ${ms} ms`);
    const timer = clock.setTimer(ms, () => this.#close(error));
    this.#stopDialTimer = () => clock.clearTimer(timer);
  }

  #is(phase: Phase): boolean {
    return this.#phase === phase;
  }

  #clientSide(): Link {
    const pair = this;
    return {
      get writable() {
        return pair.#phase === 'open' && pair.#unsent.length === 0;
      },
      write(chunk) {
        if (pair.#phase === 'closed') return;
        pair.#unsent.push(chunk);
        pair.#flush();
      },
      cork() {
        pair.#corks++;
      },
      uncork() {
        if (pair.#corks === 0) return;
        pair.#corks--;
        pair.#flush();
      },
      spent() {},
      pause() {
        pair.#paused = true;
      },
      resume() {
        pair.#paused = false;
        pair.#deliverLater('toClient');
      },
      close() {
        pair.#close(undefined);
      },
      retire() {
        pair.#close(undefined);
      },
    };
  }

  #serverSide(options: DialOptions): MemoryConnection {
    const pair = this;
    return {
      options,
      onData() {},
      onClose() {},
      get open() {
        return pair.#phase === 'open';
      },
      get paused() {
        return pair.#paused;
      },
      get backlogBytes() {
        return pair.#unsent.reduce((sum, chunk) => sum + chunk.length, 0);
      },
      write(chunk) {
        if (pair.#phase === 'open') pair.#carry('toClient', Buffer.from(chunk as Buffer));
      },
      bytesOnTheWay(direction) {
        return pair.#wires[direction].reduce((sum, item) => sum + (item === 'end' ? 0 : item.length), 0);
      },
      end() {
        if (pair.#phase === 'open') pair.#carry('toClient', 'end');
      },
      cut(reason = 'connection lost') {
        pair.#close(new LinkError('SEGUE_LINK_LOST', pair.#address, reason));
      },
      hold(direction) {
        pair.#holding[direction] = true;
      },
      release(direction) {
        pair.#holding[direction] = false;
        pair.#deliverLater(direction);
      },
      stall() {
        pair.#stalled = true;
      },
      unstall(bytes) {
        pair.#take(bytes);
      },
    };
  }

  /** Lets go of the backlog as far as cork, stall and dial allow. */
  #flush(): void {
    const blocked = this.#stalled || this.#phase !== 'open';
    if (this.#corks > 0 || this.#unsent.length === 0) return;
    if (blocked) {
      this.#backlogged = true;
      return;
    }
    // A real writev() arrives as one run of bytes, so one chunk.
    const bytes = this.#unsent.length === 1 ? this.#unsent[0]! : Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    // A copy: the link's owner may use the memory again as soon as `writable` is true.
    this.#carry('toServer', Buffer.from(bytes));
    if (!this.#backlogged || this.#unsent.length > 0) return;
    this.#backlogged = false;
    this.#schedule(() => {
      if (this.link.writable) this.#handlers.onWritable();
    });
  }

  #take(bytes: number | undefined): void {
    if (bytes === undefined) {
      this.#stalled = false;
      this.#flush();
      return;
    }
    const all = Buffer.concat(this.#unsent);
    this.#unsent = bytes < all.length ? [all.subarray(bytes)] : [];
    if (all.length > 0 && bytes > 0) this.#send(all.subarray(0, bytes));
  }

  #carry(direction: Direction, item: Buffer | 'end'): void {
    this.#wires[direction].push(item);
    this.#schedule(() => this.#deliver(direction));
  }

  /** One delivery for each item that a hold or pause kept on the wire. Those that find nothing do nothing. */
  #deliverLater(direction: Direction): void {
    for (const _ of this.#wires[direction]) this.#schedule(() => this.#deliver(direction));
  }

  #deliver(direction: Direction): void {
    if (this.#holding[direction] || (direction === 'toClient' && this.#paused)) return;
    const item = this.#wires[direction].shift();
    if (item === undefined) return;
    if (item === 'end') this.#close(undefined);
    else if (direction === 'toServer') this.#server.onData(item);
    else this.#handlers.onData(item);
  }

  #close(error: LinkError | undefined): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#unsent = [];
    this.#wires.toServer.length = 0;
    this.#wires.toClient.length = 0;
    this.#stopDialTimer();
    this.#listener?.connections.delete(this.#server);
    this.#schedule(() => {
      this.#server.onClose();
      this.#handlers.onClose(error);
    });
  }
}
