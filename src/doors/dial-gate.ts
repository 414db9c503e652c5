import {
  type Address,
  clock,
  type DialOptions,
  type Link,
  type LinkHandlers,
  type Transport,
} from '../transport/index.js';
import { piecesPerTurn } from './pace.js';

interface Waiting {
  readonly dial: () => Link;
  link: Link | undefined;
  paused: boolean;
  closed: boolean;
}

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
  readonly #queue: Waiting[] = [];

  constructor(
    private readonly transport: Transport,
    private readonly dialsMax: number,
  ) {}

  dial(address: Address, handlers: LinkHandlers, options: DialOptions): Link {
    const dial = () => this.#dial(address, handlers, options);
    if (this.#queue.length === 0 && this.#mayDial) return dial();
    const waiting: Waiting = { dial, link: undefined, paused: false, closed: false };
    this.#queue.push(waiting);
    return new WaitingLink(waiting, handlers);
  }

  #dial(address: Address, handlers: LinkHandlers, options: DialOptions): Link {
    this.#dialling++;
    this.#turnLeft--;
    this.#awaitNextTurn();
    let opening = true;
    const opened = () => {
      if (!opening) return;
      opening = false;
      this.#dialling--;
      this.#next();
    };
    return this.transport.dial(
      address,
      {
        onOpen: () => {
          opened();
          handlers.onOpen();
        },
        onData: (chunk) => handlers.onData(chunk),
        onWritable: () => handlers.onWritable(),
        onClose: (error) => {
          opened();
          handlers.onClose(error);
        },
      },
      options,
    );
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
      waiting.link = waiting.dial();
      if (waiting.paused) waiting.link.pause();
    }
  }
}

/** Stands for a connection whose turn to be dialled has not come. */
class WaitingLink implements Link {
  constructor(
    private readonly waiting: Waiting,
    private readonly handlers: LinkHandlers,
  ) {}

  get writable(): boolean {
    return this.waiting.link?.writable ?? false;
  }

  write(chunk: Buffer): void {
    this.waiting.link?.write(chunk);
  }
  cork(): void {
    this.waiting.link?.cork();
  }
  uncork(): void {
    this.waiting.link?.uncork();
  }
  pause(): void {
    this.waiting.paused = true;
    this.waiting.link?.pause();
  }
  resume(): void {
    this.waiting.paused = false;
    this.waiting.link?.resume();
  }

  spent(): void {
    this.waiting.link?.spent();
  }

  close(): void {
    if (this.waiting.link !== undefined) this.waiting.link.close();
    else if (!this.waiting.closed) queueMicrotask(() => this.handlers.onClose());
    this.waiting.closed = true;
  }

  retire(): void {
    if (this.waiting.link !== undefined) this.waiting.link.retire();
    else this.close();
  }
}
