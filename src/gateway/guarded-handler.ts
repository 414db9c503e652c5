import type { Faulted } from '../transport/index.js';
import type { ClientDescription, ClientHandler, ClientStanding } from './listener.js';

const NOTHING_HELD = { bytes: 0, commands: 0 };

/** In place of a handler that could not be made. */
const NOBODY: ClientHandler = {
  take() {},
  ended() {},
  drained() {},
  wind() {},
  gone() {},
  standing: 'busy',
  commands: 0,
  held: NOTHING_HELD,
  describe: () => ({}),
};

/**
 * Between a client and its handler: what the handler throws is the fault of this one session, and nobody else's. It is told
 * once; the client is closed then, and nothing but `gone` reaches the handler any more.
 */
export class GuardedHandler implements ClientHandler {
  readonly #handler: ClientHandler;
  #isFaulty = false;

  /** The owner is never told before this has returned. */
  constructor(
    make: () => ClientHandler,
    private readonly owner: Faulted,
  ) {
    this.#handler = this.#made(make);
  }

  /** Also for what is thrown elsewhere in the course of serving this client. */
  fault(error: unknown): void {
    if (this.#isFaulty) return;
    this.#isFaulty = true;
    this.owner.faulted(error);
  }

  take(bytes: Buffer): void {
    if (this.#isFaulty) return;
    try {
      this.#handler.take(bytes);
    } catch (error) {
      this.fault(error);
    }
  }

  ended(): void {
    this.#run(() => this.#handler.ended());
  }

  drained(): void {
    // For every answer, so without a closure.
    if (this.#isFaulty) return;
    try {
      this.#handler.drained();
    } catch (error) {
      this.fault(error);
    }
  }

  wind(): void {
    this.#run(() => this.#handler.wind());
  }

  gone(): void {
    try {
      this.#handler.gone();
    } catch (error) {
      this.fault(error);
    }
  }

  get standing(): ClientStanding {
    return this.#read(() => this.#handler.standing, 'busy');
  }

  get commands(): number {
    return this.#read(() => this.#handler.commands, 0);
  }

  get answered(): number | undefined {
    return this.#read(() => this.#handler.answered, undefined);
  }

  get held(): { bytes: number; commands: number } {
    // For every chunk, so without a closure.
    try {
      return this.#handler.held;
    } catch (error) {
      this.fault(error);
      return NOTHING_HELD;
    }
  }

  describe(): ClientDescription {
    return this.#read(() => this.#handler.describe(), {});
  }

  #made(make: () => ClientHandler): ClientHandler {
    try {
      return make();
    } catch (error) {
      process.nextTick(() => this.fault(error));
      return NOBODY;
    }
  }

  #run(act: () => void): void {
    if (this.#isFaulty) return;
    try {
      act();
    } catch (error) {
      this.fault(error);
    }
  }

  #read<T>(look: () => T, otherwise: T): T {
    try {
      return look();
    } catch (error) {
      this.fault(error);
      return otherwise;
    }
  }
}
