import type { Pair, SegueEvent } from '../doors/pair.js';
import type { SessionEvent } from '../session/index.js';
import type { NodeView, PrimaryView } from '../topology/index.js';
import { type Clock, formatAddress, clock as realClock } from '../transport/index.js';
import { Entrance } from './entrance.js';
import {
  checkGatewayOptions,
  type GatewayOptions,
  type ListenerOptions,
  limitsOf,
  listenAddress,
} from './gateway-options.js';
import { makeKind, pairOf } from './kinds.js';
import type { CloseReason } from './listener.js';
import { type Log, silent, traceOf } from './log.js';
import { LossLog } from './loss-log.js';
import { changesOf, type Reloaded } from './reload.js';
import type { ServedClient } from './served-client.js';
import { Tally } from './tally.js';

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
}

/** One listener with all that is known of it. */
export interface GatewayListener {
  readonly name: string;
  readonly kind: string;
  readonly entrance: Entrance;
  readonly tally: Tally;
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
  readonly #observers = new Set<GatewayObserver>();
  readonly #listeners: GatewayListener[] = [];
  /** The gateway's own hold on the pair, for its status. `node` listeners do without one. */
  readonly #pair: Pair | undefined;

  /** @throws GatewayError, OptionError */
  constructor(options: GatewayOptions, io: GatewayIo = {}) {
    checkGatewayOptions(options);
    this.#options = options;
    this.#clock = io.clock ?? realClock;
    this.#log = io.log ?? silent;
    this.#losses = new LossLog(this.#log, this.#clock);
    const { nodes = [] } = options;
    this.#pair = nodes.length === 0 ? undefined : pairOf(options, (event) => this.#onPair(event));
    for (const listener of options.listeners) this.#listeners.push(this.#makeListener(listener));
  }

  get listeners(): readonly GatewayListener[] {
    return this.#listeners;
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
      if (entrance.unready !== undefined) return `${name}: ${entrance.unready}`;
    }
    return undefined;
  }

  /** Listens. It need not know a primary yet. Rejects with a ListenError, and then listens nowhere. */
  async start(): Promise<void> {
    try {
      for (const { name, kind, entrance } of this.#listeners) {
        await entrance.open();
        this.#log.info({ listener: name, kind, address: formatAddress(entrance.address) }, 'listening');
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
    const until = this.#clock.now() + timeoutMs;
    while (this.#clients > 0 && this.#clock.now() < until && this.#is('draining')) {
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(DRAIN_LOOK_MS, resolve);
      });
    }
    const left = this.#clients;
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
  }

  /**
   * Takes what can be changed while clients are here: limits of listeners, and their certificates (also when the files'
   * names have not changed). Says what is different and needs a restart. @throws GatewayError; then nothing has changed.
   */
  reload(options: GatewayOptions): Reloaded {
    checkGatewayOptions(options);
    const changes = changesOf(this.#options, options);
    for (const { name, limits, tls } of changes.listeners) {
      const { entrance } = this.#listeners.find((listener) => listener.name === name)!;
      if (tls !== undefined) entrance.renewTls(tls);
      entrance.setLimits(limits);
    }
    this.#options = { ...this.#options, listeners: changes.merged };
    this.#log.info({ changed: changes.changed, needsRestart: changes.needsRestart }, 'configuration read again');
    return changes;
  }

  get #clients(): number {
    return this.#listeners.reduce((sum, { entrance }) => sum + entrance.clients.size, 0);
  }

  #is(phase: Phase): boolean {
    return this.#phase === phase;
  }

  #makeListener(options: ListenerOptions): GatewayListener {
    const { kind = 'follow', listen, name = listen, tls, unixMode, proxyProtocol = false } = options;
    const tally = new Tally();
    const made = makeKind(options, this.#options, {
      limits: () => entrance.limits,
      refused: (command) => {
        entrance.counts.addRefused(command);
        this.#log.warn({ listener: name, command }, 'a guarded command was refused');
      },
      onSession: (event) => {
        tally.take(event);
        this.#losses.take(name, event);
        for (const observer of this.#observers) observer.session?.(name, event);
      },
    });
    const entrance: Entrance = new Entrance(made, {
      name,
      address: listenAddress(listen),
      limits: limitsOf(options.limits),
      listen: {
        proxyProtocol,
        ...(tls === undefined ? {} : { tls }),
        ...(unixMode === undefined ? {} : { unixMode }),
      },
      clock: this.#clock,
      onParted: (client, reason) => this.#onParted(name, client, reason),
      onFault: ({ id }, error) => {
        this.#log.error(
          { listener: name, client: id, fault: traceOf(error) },
          'a fault of the gateway ended a session',
        );
      },
      onAnswered: (ms) => {
        for (const observer of this.#observers) observer.answered?.(name, ms);
      },
    });
    return { name, kind, entrance, tally };
  }

  /** Clients that leave by themselves are no news. */
  #onParted(listener: string, { id, remote }: ServedClient, reason: CloseReason | undefined): void {
    if (reason !== undefined) this.#log.warn({ listener, client: id, remote, reason }, 'a client was closed');
  }

  #onPair(event: SegueEvent): void {
    for (const observer of this.#observers) observer.pair?.(event);
    const { type, ...fields } = event;
    this.#log[GRAVE.has(type) ? 'warn' : 'info'](fields, type);
  }
}
