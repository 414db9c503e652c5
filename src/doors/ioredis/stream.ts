import { Duplex } from 'node:stream';
import type { Session, SessionEvent, SessionOptions } from '../../session/index.js';
import type { PrimaryView } from '../../topology/index.js';
import { clock, type Timer } from '../../transport/index.js';
import type { Pair } from '../pair.js';

const GROWTH = 4;
/** Text of one tick is joined up to here, in UTF-16 units. */
const JOINED_MAX = 16 * 1024;

export interface SegueStreamOptions {
  pair: Pair;
  session: Partial<SessionOptions>;
  /** How long to look for a primary before the first connection is given up. */
  connectTimeoutMs: number;
  /** Say `secureConnect` too. */
  tls: boolean;
  onEvent: (event: SessionEvent) => void;
}

/**
 * What ioredis takes for its socket. It connects once, and stays connected while nodes come and go behind it.
 *
 * Of a socket it has what ioredis touches: `connecting`, `remoteAddress`, `remotePort`, `setNoDelay`, `setKeepAlive`,
 * `setTimeout`, the events `connect` and `secureConnect`, and those of a stream.
 */
export class SegueStream extends Duplex {
  /** No node has been joined yet. */
  connecting = true;
  readonly #session: Session<PrimaryView>;
  readonly #options: SegueStreamOptions;
  readonly #forgetPrimary: () => void;
  /** What the client wrote in this tick and the session has not been given. */
  #text = '';
  /** Calls of this tick that wait for a write, and that have led to one. */
  #pending = 0;
  #left = 0;
  #tickEnds = false;
  #paused = false;
  /** What is delivered while the client has a turn to itself. */
  #breath: Buffer[] | undefined;
  #connectTimer: Timer | undefined;

  constructor(options: SegueStreamOptions) {
    super({ decodeStrings: false, allowHalfOpen: false });
    this.#options = options;
    const { topology } = options.pair;
    this.#session = options.pair.session(
      {
        deliver: (chunk) => this.#deliver(chunk),
        breathe: () => this.#breathe(),
        ended: (reason) => this.#ended(reason),
        onEvent: (event) => this.#onEvent(event),
      },
      options.session,
    );
    this.#forgetPrimary = options.pair.keepInformed(this.#session);
    topology.ready(options.connectTimeoutMs).then(
      (view) => {
        if (!this.destroyed && this.connecting) this.#session.open(view);
      },
      (error: Error) => this.destroy(error),
    );
  }

  get remoteAddress(): string | undefined {
    const address = this.#address;
    return address?.kind === 'tcp' ? address.host : undefined;
  }

  get remotePort(): number | undefined {
    const address = this.#address;
    return address?.kind === 'tcp' ? address.port : undefined;
  }

  get #address() {
    const { state } = this.#session;
    return 'view' in state ? state.view.address : undefined;
  }

  // ioredis writes a command, or a whole pipeline, per call and never waits for 'drain'. Going past the writable side's
  // machinery saves most of what a call costs there.
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    if (this.writableEnded || this.destroyed || (typeof chunk !== 'string' && !Buffer.isBuffer(chunk))) {
      return super.write(chunk as string, encoding as BufferEncoding, callback as () => void);
    }
    this.#take(chunk);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#take(chunk);
    callback();
  }

  /**
   * Joins what one tick brings into few writes: the first call's bytes leave at once, so that the node begins while the
   * client goes on; then a write waits until it is GROWTH times what has left in this tick, and the end of the tick sends
   * the rest. Joined as text: encoding and scanning many commands at once costs half of what it does one by one.
   */
  #take(chunk: string | Buffer): void {
    if (typeof chunk === 'string') {
      this.#text = this.#text === '' ? chunk : this.#text + chunk;
    } else {
      this.#hand();
      this.#session.take(chunk);
    }
    this.#pending++;
    if (this.#pending >= this.#left * GROWTH || this.#text.length >= JOINED_MAX) this.#send();
    if (this.#tickEnds) return;
    this.#tickEnds = true;
    process.nextTick(() => this.#endTick());
  }

  #hand(): void {
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    this.#session.take(text);
  }

  #send(): void {
    this.#left += this.#pending;
    this.#pending = 0;
    this.#hand();
    this.#session.flush();
  }

  #endTick(): void {
    this.#tickEnds = false;
    if (this.#pending > 0) this.#send();
    this.#left = 0;
  }

  /** A client that listens gets its bytes without the detour through the readable side's buffer and its ticks. */
  #deliver(chunk: Buffer): void {
    if (this.#breath !== undefined) {
      this.#breath.push(chunk);
      return;
    }
    this.#give(chunk);
  }

  #give(chunk: Buffer): void {
    if (this.readableFlowing === true && this.readableLength === 0) {
      this.emit('data', chunk);
      return;
    }
    if (this.push(chunk)) return;
    this.#paused = true;
    this.#session.pause();
  }

  /**
   * ioredis knows that it monitors only when the promise of MONITOR has been settled, and takes lines that come in the same
   * chunk as the answer for answers. They wait for the next turn of the event loop.
   */
  #breathe(): void {
    if (this.#breath !== undefined) return;
    this.#breath = [];
    setImmediate(() => this.#exhale());
  }

  #exhale(): void {
    const held = this.#breath ?? [];
    // The client may write meanwhile, and what that brings comes behind.
    for (let chunk = held.shift(); chunk !== undefined && !this.destroyed; chunk = held.shift()) this.#give(chunk);
    this.#breath = undefined;
  }

  override _read(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#session.resume();
  }

  override _final(callback: () => void): void {
    this.#send();
    callback();
    this.destroy();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.connecting = false;
    clock.clearTimer(this.#connectTimer);
    this.#forgetPrimary();
    this.#session.close();
    this.#options.pair.release();
    callback(error);
  }

  #ended(reason: string | undefined): void {
    this.#exhale();
    this.push(null);
    this.destroy(reason === undefined ? undefined : new Error(reason));
  }

  #onEvent(event: SessionEvent): void {
    this.#options.onEvent(event);
    if (event.type !== 'move' || !this.connecting) return;
    this.connecting = false;
    this.emit('connect');
    if (this.#options.tls) this.emit('secureConnect');
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** Of a socket's idle timeout only what ioredis uses: a limit on the time to connect, until it is set to 0. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    clock.clearTimer(this.#connectTimer);
    if (ms > 0) {
      this.#connectTimer = clock.setTimer(ms, () => {
        this.emit('timeout');
        onTimeout?.();
      });
    }
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
