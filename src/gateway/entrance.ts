import {
  type AcceptedHandlers,
  type AcceptedLink,
  type Address,
  type Clock,
  type Listening,
  type ListenOptions,
  listen,
  type Timer,
} from '../transport/index.js';
import { Counts, sumOf, type Traffic } from './counts.js';
import { FAREWELLS, type Limits } from './limits.js';
import type { CloseReason, ListenerKind } from './listener.js';
import { type ClientHost, ServedClient } from './served-client.js';
import { Stopwatch } from './stopwatch.js';
import type { Vigil } from './vigil.js';

export interface EntranceOptions {
  /** For logs and metrics. */
  readonly name: string;
  readonly address: Address;
  readonly limits: Limits;
  readonly listen: ListenOptions;
  readonly clock: Clock;
  readonly vigil: Vigil;
  /** Told of each client that was closed by us, and of each that left by itself (`why` undefined). */
  readonly onParted?: (client: ServedClient, why: CloseReason | undefined) => void;
  /** Something of ours was thrown while this client was served. It is closed, the others go on. */
  readonly onFault?: (client: ServedClient, error: unknown) => void;
  /** Of some commands: ms from their arrival until their answer left. */
  readonly onAnswered?: (ms: number) => void;
}

/** Clients are looked at four times in the shortest of their time limits, within these bounds. */
const LOOK_MIN_MS = 10;
const LOOK_MAX_MS = 250;
/** Where limits are long each client is looked at only every so many times: ten thousand looks take 10 ms. */
const SHARES_MAX = 4;

let clientsSoFar = 0;

/** `open()`, `shut()` and `close()` lead from one to the next. */
type Phase = 'new' | 'open' | 'shut' | 'closed';

/** One listening socket with the clients that came in by it, and the limits on them. */
export class Entrance implements ClientHost {
  readonly name: string;
  readonly counts = new Counts();
  readonly stopwatch: Stopwatch;
  readonly vigil: Vigil;
  #phase: Phase = 'new';
  #limits: Limits;
  #now: number;
  #listening: Listening | undefined;
  #timer: Timer | undefined;
  /** A look is at one share of the clients; how many there are, and looks so far. */
  #shares = 1;
  #looks = 0;
  /** Of all clients. */
  #heldBytes = 0;
  #restrained = false;
  readonly #clients = new Set<ServedClient>();
  /** They were told farewell, or were one too many. */
  readonly #parting = new Set<ServedClient>();

  constructor(
    private readonly kind: ListenerKind,
    private readonly options: EntranceOptions,
  ) {
    this.name = options.name;
    this.vigil = options.vigil;
    this.#limits = options.limits;
    this.#now = options.clock.now();
    this.stopwatch = new Stopwatch(this.#now, (ms) => options.onAnswered?.(ms));
  }

  /**
   * `former`: it listens at the same TCP address, and hands its socket over, so that nobody is refused in between. Rejects
   * with a ListenError.
   */
  async open(former?: Entrance): Promise<void> {
    const { address, limits } = this.options;
    const takeOver = former === undefined ? undefined : former.#listening;
    this.#phase = 'open';
    const listening = await listen(address, (link) => this.#accept(link), {
      ...this.options.listen,
      handshakeTimeoutMs: limits.handshakeTimeoutMs,
      onRejected: (_, at) => {
        if (at === 'proxy-header') this.counts.addClosed('proxy-header');
        else this.counts.handshakesFailed++;
      },
      ...(takeOver === undefined ? {} : { takeOver }),
    });
    if (this.#is('open')) this.#listening = listening;
    else await listening.close();
  }

  /** Where it listens; with the port that the system chose for port 0. */
  get address(): Address {
    return this.#listening?.address ?? this.options.address;
  }

  /** Clients must use TLS. */
  get isSecure(): boolean {
    return this.options.listen.tls !== undefined;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get clients(): ReadonlySet<ServedClient> {
    return this.#clients;
  }

  /** Clients, and those who are still told what they were owed last. */
  get connections(): number {
    return this.#clients.size + this.#parting.size;
  }

  /** Of all clients so far, those that are here included. */
  get traffic(): Traffic {
    return sumOf([this.counts, ...this.#clients, ...this.#parting]);
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Undefined: clients that come now are served. */
  get unready(): string | undefined {
    if (this.#phase === 'shut') return 'it lets its clients out';
    return this.#listening === undefined ? 'it does not listen' : this.kind.unready;
  }

  /** Connections to nodes that clients have in common. */
  get sharedConnections(): number {
    return this.kind.sharedConnections;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get now(): number {
    return this.#now;
  }

  time(): number {
    return this.options.clock.now();
  }

  /** For clients that are here, too. */
  setLimits(limits: Limits): void {
    this.#limits = limits;
    this.#control();
  }

  renewTls(tls: NonNullable<ListenOptions['tls']>): void {
    this.#listening?.renewTls(tls);
  }

  /** Nobody is let in any more. */
  async shut(): Promise<void> {
    if (this.#phase !== 'closed') this.#phase = 'shut';
    const listening = this.#listening;
    this.#listening = undefined;
    await listening?.close();
  }

  /** Everybody goes as soon as they are owed nothing. */
  wind(): void {
    for (const client of [...this.#clients]) client.wind();
  }

  /** Everybody goes now. */
  async close(): Promise<void> {
    await this.shut();
    this.#phase = 'closed';
    for (const client of [...this.#clients]) client.close('stopped');
    for (const client of [...this.#parting]) client.cut();
    this.options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.kind.close();
  }

  #is(phase: Phase): boolean {
    return this.#phase === phase;
  }

  #accept(link: AcceptedLink): AcceptedHandlers {
    this.#now = this.options.clock.now();
    // It was in the middle of its TLS handshake when the last ones were let in.
    if (this.#phase !== 'open') return dismissed(link);
    if (this.#clients.size >= this.#limits.connectionsMax) return this.#turnAway(link);
    const client = new ServedClient(++clientsSoFar, link, this);
    this.#clients.add(client);
    this.counts.accepted++;
    client.serve(() => this.kind.accept(client));
    this.#watch();
    return client;
  }

  /** Told why, as servers do; like them without waiting whether it reads that. */
  #turnAway(link: AcceptedLink): AcceptedHandlers {
    this.counts.addClosed('connections');
    link.write(FAREWELLS.connections!);
    link.end();
    return dismissed(link);
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    const { stallTimeoutMs, idleTimeoutMs, handshakeTimeoutMs } = this.#limits;
    const shortest = Math.min(stallTimeoutMs, idleTimeoutMs || Number.POSITIVE_INFINITY, handshakeTimeoutMs);
    const ms = Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, shortest / 4));
    this.#shares = Math.max(1, Math.min(SHARES_MAX, Math.floor(shortest / 4 / ms)));
    this.#timer = this.options.clock.setTimer(ms, () => this.#look(), { unref: true });
  }

  #look(): void {
    this.#timer = undefined;
    this.#now = this.options.clock.now();
    this.stopwatch.set(this.#now);
    const share = ++this.#looks % this.#shares;
    for (const client of this.#clients) {
      if (client.id % this.#shares === share) client.look(this.#now);
    }
    for (const client of this.#parting) client.look(this.#now);
    if (this.#clients.size + this.#parting.size > 0) this.#watch();
  }

  // ---- what clients tell ----------------------------------------------------------------------------------------

  account(client: ServedClient, changeBytes: number): void {
    this.#heldBytes += changeBytes;
    if (changeBytes > 0 && this.#heldBytes > this.#limits.heldBytesMax) {
      this.#restrained = true;
      this.counts.restraints++;
      client.restrain();
    } else {
      this.#control();
    }
  }

  #control(): void {
    if (!this.#restrained || this.#heldBytes > this.#limits.heldBytesMax / 2) return;
    this.#restrained = false;
    for (const client of this.#clients) client.relax();
  }

  faulted(client: ServedClient, error: unknown): void {
    this.options.onFault?.(client, error);
  }

  parted(client: ServedClient, why: CloseReason | undefined): void {
    if (!this.#clients.delete(client)) return;
    this.#parting.add(client);
    if (why !== undefined) this.counts.addClosed(why);
    this.options.onParted?.(client, why);
  }

  gone(client: ServedClient): void {
    this.#parting.delete(client);
    this.counts.receivedBytes += client.receivedBytes;
    this.counts.sentBytes += client.sentBytes;
    this.counts.commands += client.commands;
  }
}

function dismissed(link: AcceptedLink): AcceptedHandlers {
  const close = () => link.close();
  setImmediate(close);
  return { onData() {}, onEnd: close, onWritable() {}, onClose() {} };
}
