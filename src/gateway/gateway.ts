import { availableParallelism } from 'node:os';
import type { Pair, SegueEvent } from '../doors/pair.js';
import type { SessionEvent } from '../session/index.js';
import type { NodeView, PrimaryView } from '../topology/index.js';
import { type Clock, formatAddress, clock as realClock } from '../transport/index.js';
import { sumOf, type Traffic } from './counts.js';
import { GatewayError } from './gateway-error.js';
import { type GatewayListener, type ListenerHost, makeListeners } from './gateway-listener.js';
import { checkGatewayOptions, type GatewayOptions, nameOf } from './gateway-options.js';
import { pairOf } from './kinds.js';
import { type Log, silent, traceOf } from './log.js';
import { LossLog } from './loss-log.js';
import { type Addition, changesOf, type Reloaded } from './reload.js';
import { Vigil } from './vigil.js';

export interface GatewayIo {
  readonly clock?: Clock;
  readonly log?: Log;
}

/** Is told what happens, in the middle of the work: it must be quick. */
export interface GatewayObserver {
  session?(listener: string, event: SessionEvent): void;
  pair?(event: SegueEvent): void;
  /** Of some commands: ms from their arrival until their answer left. */
  answered?(listener: string, ms: number): void;
  /** A new configuration was without this listener, and its last client has left. */
  listenerGone?(listener: string): void;
}

type Phase = 'new' | 'serving' | 'draining' | 'stopped';

/** What an operator should look at. */
const GRAVE = new Set<SegueEvent['type']>(['primary-lost', 'node-down', 'ambiguous', 'untrusted', 'stale-claim']);
const DRAIN_MS = 30_000;
const DRAIN_LOOK_MS = 20;

/**
 * Listeners in front of a pair. Started once, stopped once.
 *
 * ```
 *   new ──start()──▶ serving ──drain()──▶ draining ──▶ stopped
 * ```
 */
export class Gateway {
  #phase: Phase = 'new';
  #options: GatewayOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #losses: LossLog;
  readonly #vigil: Vigil;
  readonly #observers = new Set<GatewayObserver>();
  /** Those that the configuration has, in its order; then those that it has no more, until their clients have left. */
  #listeners: readonly GatewayListener[] = [];
  /** Of listeners that have gone. */
  #past: Traffic = sumOf([]);
  /** Over when all configurations that were given so far are in force, or refused. */
  #reloading: Promise<unknown> = Promise.resolve();
  /** The gateway's own hold on the pair, for its status. `node` listeners do without one. */
  readonly #pair: Pair | undefined;

  /** @throws GatewayError, OptionError */
  constructor(options: GatewayOptions, io: GatewayIo = {}) {
    checkGatewayOptions(options);
    this.#options = options;
    this.#clock = io.clock ?? realClock;
    this.#log = io.log ?? silent;
    this.#losses = new LossLog(this.#log, this.#clock);
    const { nodes = [], busyPoll = true } = options;
    this.#vigil = new Vigil(this.#clock, busyPoll && availableParallelism() > 1);
    this.#listeners = makeListeners(options.listeners, options, this.#host);
    this.#pair = nodes.length === 0 ? undefined : pairOf(options, (event) => this.#onPair(event));
  }

  get listeners(): readonly GatewayListener[] {
    return this.#listeners;
  }

  /** Of all listeners so far, those that have gone included. */
  get traffic(): Traffic {
    return sumOf([this.#past, ...this.#listeners.map(({ entrance }) => entrance.traffic)]);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Until the returned function is called. */
  observe(observer: GatewayObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Whom clients are sent to, and since when (`since` is clock time). */
  get primary(): PrimaryView | undefined {
    return this.#pair?.topology.primary;
  }

  get clock(): Clock {
    return this.#clock;
  }

  nodes(): NodeView[] {
    return this.#pair?.topology.nodes() ?? [];
  }

  /** Undefined: every listener serves. Otherwise why not. */
  get unready(): string | undefined {
    if (this.#phase !== 'serving') return `the gateway is ${this.#phase}`;
    for (const { name, entrance } of this.#listeners) {
      if (entrance.phase === 'open' && entrance.unready !== undefined) return `${name}: ${entrance.unready}`;
    }
    return undefined;
  }

  /** Listens. It need not know a primary yet. Rejects with a ListenError, and then listens nowhere. */
  async start(): Promise<void> {
    try {
      for (const listener of this.#listeners) {
        await listener.entrance.open();
        this.#tellWhere(listener);
      }
      this.#phase = 'serving';
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Lets nobody in any more, and everybody out as soon as they are owed nothing; after `timeoutMs` (default: the option)
   * whoever is left is closed. Resolves with how many those were.
   */
  async drain(timeoutMs: number = this.#options.drainTimeoutMs ?? DRAIN_MS): Promise<number> {
    if (this.#phase === 'stopped') return 0;
    this.#phase = 'draining';
    await Promise.all(this.#listeners.map(({ entrance }) => entrance.shut()));
    for (const { entrance } of this.#listeners) entrance.wind();
    await this.#emptied(this.#listeners, timeoutMs);
    const left = clientsOf(this.#listeners);
    await this.stop();
    return left;
  }

  /** At once. */
  async stop(): Promise<void> {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    await Promise.all(this.#listeners.map(({ entrance }) => entrance.close()));
    this.#losses.flush();
    this.#pair?.release();
    await this.#reloading;
  }

  /**
   * Takes what can be changed while clients are here: listeners come and go, by name; limits change, and certificates (also
   * when the files' names have not changed). Says what is different and needs a restart. A listener that is no more lets
   * nobody in from now on, and its clients out as at the end (`drain`). One configuration after the other. Rejects with a
   * GatewayError, an OptionError, or a ListenError of a listener that is new; then nothing has changed.
   */
  reload(options: GatewayOptions): Promise<Reloaded> {
    const turn = this.#reloading.then(() => this.#reload(options));
    this.#reloading = turn.catch(() => {});
    return turn;
  }

  async #reload(options: GatewayOptions): Promise<Reloaded> {
    checkGatewayOptions(options);
    const { changed, needsRestart, listeners, added, removed, merged } = changesOf(this.#options, options);
    const fresh = await this.#openAll(added);
    for (const { name, limits, tls } of listeners) {
      const { entrance } = this.#listening(name)!;
      if (tls !== undefined) entrance.renewTls(tls);
      entrance.setLimits(limits);
    }
    const leaving = removed.map((name) => this.#listening(name)!);
    const staying = merged.map((one) => fresh.get(nameOf(one)) ?? this.#listening(nameOf(one))!);
    const left = this.#listeners.filter(({ entrance }) => entrance.phase !== 'open');
    this.#listeners = [...staying, ...leaving, ...left];
    this.#options = { ...this.#options, listeners: merged };
    for (const listener of fresh.values()) this.#tellWhere(listener);
    this.#log.info({ changed, needsRestart }, 'configuration read again');
    for (const listener of leaving) void this.#dismiss(listener);
    return { changed, needsRestart };
  }

  /** All of them, by name; or none, and nobody but their first clients has noticed. */
  async #openAll(added: readonly Addition[]): Promise<ReadonlyMap<string, GatewayListener>> {
    this.#mustServe();
    const made = makeListeners(
      added.map(({ options }) => options),
      this.#options,
      this.#host,
    );
    try {
      const doors = made.map(({ entrance }, at) => ({ entrance, former: this.#listening(added[at]!.takesOver) }));
      // What can fail comes first: a socket that was handed over is not given back.
      for (const { entrance, former } of doors) if (former === undefined) await entrance.open();
      for (const { entrance, former } of doors) if (former !== undefined) await entrance.open(former.entrance);
      this.#mustServe();
      return new Map(made.map((listener) => [listener.name, listener]));
    } catch (error) {
      await Promise.all(made.map(({ entrance }) => entrance.close()));
      throw error;
    }
  }

  #tellWhere({ name, kind, entrance }: GatewayListener): void {
    this.#log.info({ listener: name, kind, address: formatAddress(entrance.address) }, 'listening');
  }

  /** Lets the clients of a listener out, and forgets it. */
  async #dismiss(listener: GatewayListener): Promise<void> {
    const { name, entrance } = listener;
    try {
      await entrance.shut();
      this.#log.info({ listener: name, clients: entrance.clients.size }, 'a listener goes');
      entrance.wind();
      await this.#emptied([listener], this.#options.drainTimeoutMs ?? DRAIN_MS);
      const cut = entrance.clients.size;
      await entrance.close();
      if (this.#is('stopped')) return;
      this.#forget(listener);
      this.#log.info({ listener: name, cut }, 'a listener has gone');
    } catch (error) {
      this.#log.error({ listener: name, fault: traceOf(error) }, 'a fault of the gateway while a listener went');
    }
  }

  /** Its counts go to its namesake, if one came before it had gone: what is known by a name only grows. */
  #forget(listener: GatewayListener): void {
    const { name, entrance, tally } = listener;
    this.#listeners = this.#listeners.filter((other) => other !== listener);
    const heir = this.#listeners.find((other) => other.name === name);
    if (heir === undefined) {
      this.#past = sumOf([this.#past, entrance.traffic]);
      for (const observer of this.#observers) observer.listenerGone?.(name);
    } else {
      heir.entrance.counts.inherit(entrance.counts, entrance.traffic);
      heir.tally.inherit(tally);
    }
  }

  /** Until they have no client any more, the time is over, or the gateway stops. */
  async #emptied(listeners: readonly GatewayListener[], timeoutMs: number): Promise<void> {
    const until = this.#clock.now() + timeoutMs;
    const crowded = () => listeners.some(({ entrance }) => entrance.connections > 0);
    while (crowded() && this.#clock.now() < until && !this.#is('stopped')) {
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(DRAIN_LOOK_MS, resolve);
      });
    }
  }

  /** By name; one that lets its clients out does not count. */
  #listening(name: string | undefined): GatewayListener | undefined {
    return this.#listeners.find((listener) => listener.name === name && listener.entrance.phase === 'open');
  }

  #mustServe(): void {
    if (this.#phase === 'serving') return;
    throw new GatewayError('SEGUE_GATEWAY_CONFIG', `the gateway is ${this.#phase}: it takes no new configuration`);
  }

  #is(phase: Phase): boolean {
    return this.#phase === phase;
  }

  get #host(): ListenerHost {
    return {
      clock: this.#clock,
      log: this.#log,
      vigil: this.#vigil,
      onSession: (listener, event) => {
        this.#losses.take(listener, event);
        for (const observer of this.#observers) observer.session?.(listener, event);
      },
      onAnswered: (listener, ms) => {
        for (const observer of this.#observers) observer.answered?.(listener, ms);
      },
    };
  }

  #onPair(event: SegueEvent): void {
    for (const observer of this.#observers) observer.pair?.(event);
    const { type, ...fields } = event;
    this.#log[GRAVE.has(type) ? 'warn' : 'info'](fields, type);
  }
}

function clientsOf(listeners: readonly GatewayListener[]): number {
  return listeners.reduce((sum, { entrance }) => sum + entrance.clients.size, 0);
}
