import { DIALS_MAX, sessionOptions, topologyBounds } from '../doors/options.js';
import { Pair } from '../doors/pair.js';
import type { NodeView, TopologyEvent } from '../topology/index.js';
import { type Clock, formatAddress, clock as realClock } from '../transport/index.js';
import { Entrance } from './entrance.js';
import { FollowKind } from './follow.js';
import {
  checkGatewayOptions,
  type GatewayOptions,
  type ListenerOptions,
  limitsOf,
  listenAddress,
} from './gateway-options.js';
import { type Log, silent } from './log.js';
import { Policy } from './policy.js';
import { changesOf, type Reloaded } from './reload.js';
import { Tally } from './tally.js';

export interface GatewayIo {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Told how long a session of this listener was held, in ms, each time that one goes on. */
  readonly onHeld?: (listener: string, ms: number) => void;
}

/** One listener with all that is known of it. */
export interface GatewayListener {
  readonly name: string;
  readonly kind: string;
  readonly entrance: Entrance;
  readonly tally: Tally;
}

type Phase = 'new' | 'serving' | 'draining' | 'stopped';

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
  readonly #io: GatewayIo;
  readonly #listeners: GatewayListener[] = [];
  /** The gateway's own hold on the pair: for its status, and so that the watch outlives every listener. */
  readonly #pair: Pair;

  /** @throws GatewayError, OptionError */
  constructor(options: GatewayOptions, io: GatewayIo = {}) {
    checkGatewayOptions(options);
    this.#options = options;
    this.#io = io;
    this.#clock = io.clock ?? realClock;
    this.#log = io.log ?? silent;
    this.#pair = this.#newPair((event) => this.#onTopology(event));
    for (const listener of options.listeners) this.#listeners.push(this.#makeListener(listener));
  }

  get listeners(): readonly GatewayListener[] {
    return this.#listeners;
  }

  get phase(): Phase {
    return this.#phase;
  }

  nodes(): NodeView[] {
    return this.#pair.topology.nodes();
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
    this.#pair.release();
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

  #newPair(onEvent?: (event: TopologyEvent) => void): Pair {
    const { nodes, username, password, tls, session = {} } = this.#options;
    return new Pair(
      {
        ...topologyBounds(session),
        nodes: [...nodes],
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(tls === undefined ? {} : { tls }),
        ...(onEvent === undefined ? {} : { onEvent }),
      },
      session.dialsMax ?? DIALS_MAX,
    );
  }

  #makeListener(options: ListenerOptions): GatewayListener {
    const { listen, name = listen, tls, unixMode } = options;
    const tally = new Tally((ms) => this.#io.onHeld?.(name, ms));
    const kind = new FollowKind({
      pair: this.#newPair(),
      session: sessionOptions(this.#options.session ?? {}),
      policy: new Policy(options.allow ?? [], (command) => {
        entrance.counts.addRefused(command);
        this.#log.warn({ listener: name, command }, 'a guarded command was refused');
      }),
      loginRequired: options.loginRequired ?? false,
      limits: () => entrance.limits,
      onEvent: (event) => tally.take(event),
    });
    const entrance: Entrance = new Entrance(kind, {
      name,
      address: listenAddress(listen),
      limits: limitsOf(options.limits),
      listen: { ...(tls === undefined ? {} : { tls }), ...(unixMode === undefined ? {} : { unixMode }) },
      clock: this.#clock,
      onParted: (client, reason) => {
        if (reason === undefined) return;
        const { id, remote } = client;
        this.#log.warn({ listener: name, client: id, remote, reason }, 'a client was closed');
      },
    });
    return { name, kind: options.kind ?? 'follow', entrance, tally };
  }

  #onTopology(event: TopologyEvent): void {
    const { type, ...fields } = event;
    const grave = type === 'primary-lost' || type === 'node-down' || type === 'ambiguous' || type === 'untrusted';
    this.#log[grave ? 'warn' : 'info'](fields, type);
  }
}
