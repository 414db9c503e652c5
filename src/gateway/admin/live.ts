import type { Timer } from '../../transport/index.js';
import type { Gateway } from '../gateway.js';
import { type GatewayStatus, statusOf } from '../status.js';
import { History, SAMPLE_MS, SAMPLES_MAX, type Sample } from './history.js';
import { SwitchLog, type SwitchView } from './switch-log.js';

/** What the page for people asks for once a second. Holds no secrets. */
export interface LiveView {
  /** Milliseconds since 1970, by the gateway's clock. */
  readonly at: number;
  /** The same, when this process began to look. Another one begins its history anew. */
  readonly startedAt: number;
  readonly samplesMax: number;
  readonly status: GatewayStatus;
  /** Those that the asker does not have, the oldest first. */
  readonly samples: readonly Sample[];
  /** The latest first. */
  readonly switches: readonly SwitchView[];
}

/** However many look at the page: all clients are counted no more often. */
const STATUS_AGE_MS = 200;

/** A gateway as it is now, and what it was like in the last minutes. */
export class Live {
  readonly #history: History;
  readonly #switches: SwitchLog;
  readonly #startedAt: number;
  readonly #forget: () => void;
  #timer: Timer | undefined;
  #status: { readonly of: GatewayStatus; readonly atMs: number } | undefined;

  constructor(
    private readonly gateway: Gateway,
    /** Milliseconds since 1970. */
    private readonly wall: () => number = Date.now,
  ) {
    this.#startedAt = wall();
    this.#history = new History(gateway, wall);
    const switches = new SwitchLog(() => gateway.clock.now(), wall);
    this.#switches = switches;
    this.#forget = gateway.observe({
      pair: (event) => switches.pair(event),
      session: (_, event) => switches.session(event),
    });
  }

  /** One sample a second from now on. */
  start(): void {
    const { clock } = this.gateway;
    this.#timer = clock.setTimer(
      SAMPLE_MS,
      () => {
        this.#history.tick();
        this.start();
      },
      { unref: true },
    );
  }

  stop(): void {
    this.gateway.clock.clearTimer(this.#timer);
    this.#forget();
    this.#history.close();
  }

  /** With the samples after `seq`; all of them, if that counted in another process (`startedAt`). */
  since(seq: number, startedAt?: number): LiveView {
    return {
      at: this.wall(),
      startedAt: this.#startedAt,
      samplesMax: SAMPLES_MAX,
      status: this.#current(),
      samples: this.#history.since(startedAt === this.#startedAt ? seq : 0),
      switches: this.#switches.switches,
    };
  }

  #current(): GatewayStatus {
    const now = this.gateway.clock.now();
    if (this.#status === undefined || now - this.#status.atMs >= STATUS_AGE_MS) {
      this.#status = { of: statusOf(this.gateway), atMs: now };
    }
    return this.#status.of;
  }
}
