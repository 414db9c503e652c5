import {
  type Address,
  clock,
  type DialOptions,
  type Link,
  type LinkError,
  type LinkHandlers,
  type Transport,
} from '../transport/index.js';
import { piecesPerTurn } from './pace.js';

/**
 * No more than `dialsMax` connections being opened at a time, so that thousands of sessions that move at once do not flood
 * a server's accept queue; and few dials begun per turn of the event loop, so that the first of them are served again
 * before the last have dialled. The rest wait in order.
 */
export class DialGate implements Transport {
  #dialling = 0;
  /** Dials that may still begin in this turn. */
  #turnLeft = 1;
  #turnStartMs = 0;
  #turnEnds = false;
  readonly #queue: WaitingLink[] = [];

  constructor(
    private readonly transport: Transport,
    private readonly dialsMax: number,
  ) {}

  dial(address: Address, handlers: LinkHandlers, options: DialOptions): Link {
    if (this.#queue.length === 0 && this.#mayDial) return this.#dial(address, handlers, options);
    const waiting = new WaitingLink(address, handlers, options);
    this.#queue.push(waiting);
    return waiting;
  }

  #dial(address: Address, handlers: LinkHandlers, options: DialOptions): Link {
    this.#dialling++;
    this.#turnLeft--;
    this.#awaitNextTurn();
    return this.transport.dial(address, new Dialling(this, handlers), options);
  }

  /** A dial has come to its end, good or bad. */
  dialled(): void {
    this.#dialling--;
    this.#next();
  }

  get #mayDial(): boolean {
    return this.#dialling < this.dialsMax && this.#turnLeft > 0;
  }

  #awaitNextTurn(): void {
    if (this.#turnEnds) return;
    this.#turnEnds = true;
    this.#turnStartMs = clock.now();
    setImmediate(() => {
      this.#turnEnds = false;
      this.#turnLeft = this.#queue.length === 0 ? 1 : piecesPerTurn(clock.now() - this.#turnStartMs);
      this.#next();
    });
  }

  #next(): void {
    while (this.#mayDial) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      if (waiting.closed) continue;
      waiting.begin((address, handlers, options) => this.#dial(address, handlers, options));
    }
  }
}

/** Tells the gate when a dial has come to its end; everything else goes to whom it is for. */
class Dialling implements LinkHandlers {
  #counts = true;

  constructor(
    private readonly gate: DialGate,
    private readonly handlers: LinkHandlers,
  ) {}

  onOpen(): void {
    this.#end();
    this.handlers.onOpen();
  }

  onData(chunk: Buffer): void {
    this.handlers.onData(chunk);
  }

  onWritable(): void {
    this.handlers.onWritable();
  }

  onClose(error?: LinkError): void {
    this.#end();
    this.handlers.onClose(error);
  }

  #end(): void {
    if (!this.#counts) return;
    this.#counts = false;
    this.gate.dialled();
  }
}

/** Stands for a connection whose turn to be dialled has not come; then for that connection. */
class WaitingLink implements Link {
  #link: Link | undefined;
  #paused = false;
  #closed = false;

  constructor(
    private readonly address: Address,
    private readonly handlers: LinkHandlers,
    private readonly options: DialOptions,
  ) {}

  begin(dial: Transport['dial']): void {
    this.#link = dial(this.address, this.handlers, this.options);
    if (this.#paused) this.#link.pause();
    this.handlers.onTurn?.();
  }

  get queued(): boolean {
    return this.#link === undefined;
  }

  /** It need not be dialled any more. */
  get closed(): boolean {
    return this.#closed;
  }

  get writable(): boolean {
    return this.#link?.writable ?? false;
  }

  write(chunk: Buffer): void {
    this.#link?.write(chunk);
  }
  cork(): void {
    this.#link?.cork();
  }
  uncork(): void {
    this.#link?.uncork();
  }
  pause(): void {
    this.#paused = true;
    this.#link?.pause();
  }
  resume(): void {
    this.#paused = false;
    this.#link?.resume();
  }

  spent(): void {
    this.#link?.spent();
  }

  close(): void {
    if (this.#link !== undefined) this.#link.close();
    else if (!this.#closed) queueMicrotask(() => this.handlers.onClose());
    this.#closed = true;
  }

  retire(): void {
    if (this.#link !== undefined) this.#link.retire();
    else this.close();
  }
}
