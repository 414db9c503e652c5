import type { AcceptedHandlers, AcceptedLink, Faulted } from '../transport/index.js';
import { GuardedHandler } from './guarded-handler.js';
import { FAREWELLS, type Limits } from './limits.js';
import type { Client, ClientHandler, CloseReason } from './listener.js';
import { Outlet, type OutletOwner } from './outlet.js';
import type { Stopwatch } from './stopwatch.js';
import type { Vigil } from './vigil.js';

/** What a client's connection needs of the listener that it belongs to. */
export interface ClientHost {
  readonly limits: Limits;
  /** Clock time of the last look at all clients, or later. */
  readonly now: number;
  readonly stopwatch: Stopwatch;
  readonly vigil: Vigil;
  /** Clock time at this moment. */
  time(): number;
  /** What is kept for a client has changed by so many bytes. */
  account(client: ServedClient, changeBytes: number): void;
  /** Something was thrown while this client was served; it is closed. */
  faulted(client: ServedClient, error: unknown): void;
  /** Tells a client's fate, once: it is served no more. Its connection may last a little longer. */
  parted(client: ServedClient, why: CloseReason | undefined): void;
  /** The connection is gone. */
  gone(client: ServedClient): void;
}

/** Why a client is not read; any of these is enough. */
const ByHandler = 1;
const ByListener = 2;

/** How long a client that was told farewell may take to close its side; then it is closed. */
const FAREWELL_MS = 1_000;

/**
 * One client's connection: bytes to and from the handler, and the limits on it.
 *
 * ```
 *   served ──finish(), limit──▶ parting ──▶ gone
 * ```
 */
export class ServedClient implements Client, AcceptedHandlers, Faulted, OutletOwner {
  readonly remote: string;
  readonly acceptedAt: number;
  receivedBytes = 0;
  readonly #outlet: Outlet;
  #handler: GuardedHandler | undefined;
  /** Of a handler that has gone. */
  #commands = 0;
  #state: 'served' | 'parting' | 'gone' = 'served';
  #pauses = 0;
  /** The client has ended its side. */
  #ended = false;
  #heldBytes = 0;
  /** What the last look saw, and since when that has not changed. */
  readonly #seen = { passed: -1, sent: -1, quietSince: 0, stalledSince: 0 };
  #partingSince = 0;
  /** The command whose answer is awaited, as it counts among all of this client, and since when. 0: none is. */
  #timed = 0;
  #timedSince = 0;

  constructor(
    readonly id: number,
    private readonly link: AcceptedLink,
    private readonly host: ClientHost,
  ) {
    this.remote = link.remote;
    this.acceptedAt = host.now;
    this.#outlet = new Outlet(link, this);
  }

  /** Before anything else. */
  serve(make: () => ClientHandler): void {
    this.#handler = new GuardedHandler(make, this);
  }

  /** Undefined when it is served no more. */
  get handler(): ClientHandler | undefined {
    return this.#handler;
  }

  get commands(): number {
    return this.#handler?.commands ?? this.#commands;
  }

  get sentBytes(): number {
    return this.#outlet.sentBytes;
  }

  // ---- the handler's side ---------------------------------------------------------------------------------------

  get backlogBytes(): number {
    return this.#outlet.backlogBytes;
  }

  send(bytes: Buffer): void {
    if (this.#state !== 'served') return;
    if (this.backlogBytes > this.host.limits.outputBytesMax) {
      this.close('output');
      return;
    }
    this.#outlet.send(bytes);
  }

  flush(): boolean {
    this.#outlet.flush();
    return this.backlogBytes === 0;
  }

  pause(): void {
    this.#pause(ByHandler);
  }

  resume(): void {
    this.#resume(ByHandler);
  }

  finish(why?: CloseReason): void {
    this.#part(why);
  }

  /** A farewell for the reason, if there is one, still leaves; whatever else waits is dropped. */
  close(why: CloseReason): void {
    if (this.#state !== 'served') return;
    const farewell = FAREWELLS[why];
    if (farewell === undefined || this.backlogBytes > 0) {
      this.#release(why);
      this.#outlet.clear();
      this.link.close();
      return;
    }
    this.#outlet.send(farewell);
    this.#part(why);
  }

  /** It has had its farewell, and what of that has not been taken is dropped. */
  cut(): void {
    this.#outlet.clear();
    this.link.close();
  }

  fault(error: unknown): void {
    this.#handler?.fault(error);
  }

  faulted(error: unknown): void {
    this.host.faulted(this, error);
    this.close('fault');
  }

  // ---- the connection's side ------------------------------------------------------------------------------------

  onData(chunk: Buffer): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.receivedBytes += chunk.length;
    // First: the answer may leave at once.
    this.host.vigil.heard(this.id, chunk.length);
    if (this.host.stopwatch.due() && this.#timed === 0) this.#takeTimed(handler, chunk);
    else handler.take(chunk);
    this.#account();
  }

  onEnd(): void {
    this.#ended = true;
    if (this.#handler === undefined) this.link.close();
    else this.#handler.ended();
  }

  onWritable(): void {
    this.#outlet.onWritable();
  }

  flushed(drained: boolean): void {
    this.host.vigil.answered();
    if (drained) this.#handler?.drained();
    if (this.#timed > 0) this.#stopTiming();
    this.#account();
  }

  onClose(): void {
    this.#release(undefined);
    this.#state = 'gone';
    this.#outlet.clear();
    this.host.gone(this);
  }

  // ---- how long answers take ------------------------------------------------------------------------------------

  #takeTimed(handler: ClientHandler, chunk: Buffer): void {
    const since = this.host.time();
    handler.take(chunk);
    const { answered, commands } = handler;
    if (answered === undefined || answered >= commands || this.#state !== 'served') return;
    this.#timed = commands;
    this.#timedSince = since;
  }

  /** Something has left: perhaps the answer to the command that is timed. */
  #stopTiming(): void {
    const answered = this.#handler?.answered;
    if (answered !== undefined && answered < this.#timed) return;
    this.#timed = 0;
    if (answered !== undefined) this.host.stopwatch.took(this.host.time() - this.#timedSince);
  }

  // ---- the listener's side --------------------------------------------------------------------------------------

  /** Called now and then: closes the client when it has passed a limit on its time. */
  look(now: number): void {
    const why = this.#state === 'served' ? this.#overdue(now) : undefined;
    if (why !== undefined) this.close(why);
    else if (this.#state === 'served') this.#account();
    else if (this.#hasParted(now)) this.link.close();
  }

  /** All clients together have too much outstanding. One with nothing but half a command cannot wait for answers: it goes. */
  restrain(): void {
    const held = this.#handler?.held;
    if (held === undefined || held.bytes === 0) return;
    if (held.commands === 0) this.close('held');
    else this.#pause(ByListener);
  }

  relax(): void {
    this.#resume(ByListener);
  }

  wind(): void {
    this.#handler?.wind();
  }

  #overdue(now: number): CloseReason | undefined {
    const { limits } = this.host;
    const quietMs = now - this.#quietSince(now);
    if (this.#stalledMs(now) >= limits.stallTimeoutMs) return 'stalled';
    // Nobody may be there any more, and what it waits for may never come.
    if (this.#ended && quietMs >= limits.stallTimeoutMs) return 'stalled';
    switch (this.#handler?.standing) {
      case 'new':
        return now - this.acceptedAt >= limits.handshakeTimeoutMs ? 'handshake' : undefined;
      case 'idle':
        return limits.idleTimeoutMs > 0 && quietMs >= limits.idleTimeoutMs ? 'idle' : undefined;
      default:
        return undefined;
    }
  }

  /** It has been sent everything and has had time to end its side, or takes no more of it. */
  #hasParted(now: number): boolean {
    if (this.backlogBytes > 0) {
      this.#partingSince = now;
      return this.#stalledMs(now) >= this.host.limits.stallTimeoutMs;
    }
    return now - this.#partingSince >= FAREWELL_MS;
  }

  /** Since when, as far as has been seen, no bytes have come or gone. */
  #quietSince(now: number): number {
    const seen = this.#seen;
    const passed = this.receivedBytes + this.sentBytes;
    if (seen.passed !== passed) {
      seen.passed = passed;
      seen.quietSince = now;
    }
    return seen.quietSince;
  }

  /** How long it has taken nothing of what waits for it. */
  #stalledMs(now: number): number {
    const seen = this.#seen;
    if (seen.sent !== this.sentBytes || this.backlogBytes === 0) {
      seen.sent = this.sentBytes;
      seen.stalledSince = now;
    }
    return now - seen.stalledSince;
  }

  /** Tells the listener what is kept for this client now. */
  #account(): void {
    const held = this.#handler?.held;
    const bytes = held?.bytes ?? 0;
    const change = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    if (held?.commands === 0) this.relax();
    if (change !== 0) this.host.account(this, change);
  }

  #part(why: CloseReason | undefined): void {
    if (this.#state !== 'served') return;
    this.#state = 'parting';
    this.#partingSince = this.host.now;
    this.#release(why);
    // What still comes is read and dropped: bytes that are left unread would make the kernel take back the last answer.
    this.link.resume();
    this.#outlet.end();
  }

  #release(why: CloseReason | undefined): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    this.#handler = undefined;
    this.#commands = handler.commands;
    if (this.#state === 'served') this.#state = 'parting';
    handler.gone();
    this.host.account(this, -this.#heldBytes);
    this.#heldBytes = 0;
    this.host.parted(this, why);
  }

  #pause(reason: number): void {
    if (this.#pauses === 0) this.link.pause();
    this.#pauses |= reason;
  }

  #resume(reason: number): void {
    if ((this.#pauses & reason) === 0) return;
    this.#pauses &= ~reason;
    if (this.#pauses === 0) this.link.resume();
  }
}
