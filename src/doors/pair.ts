import { CommandTable } from '../resp/index.js';
import {
  type Identity,
  ScriptCache,
  Session,
  type SessionEvent,
  type SessionOptions,
  type Upstream,
} from '../session/index.js';
import type { PrimaryView, TopologyEvent, TopologyOptions } from '../topology/index.js';
import { Topology } from '../topology/index.js';
import {
  clock,
  type DialOptions,
  formatAddress,
  guarded,
  guardLink,
  netTransport,
  parseNodeUrl,
  type Timer,
  type Transport,
} from '../transport/index.js';
import { publish } from './diagnostics.js';
import { DialGate } from './dial-gate.js';
import { HoldParty } from './hold-party.js';
import type { HoldEvent } from './hold-phase.js';
import { IdleQueue } from './idle-queue.js';
import { MarkerBeacon } from './marker-beacon.js';
import { ReplicaPlaces } from './replica-places.js';

export type { SegueEvent } from './segue-event.js';

/** How the sessions of a door take part in planned switches. */
export interface NoticeOptions {
  /** False: they are not told, and go by what nodes answer. Default true. */
  notices?: boolean;
  /** The longest that they hold for a notice, whatever it asks for. */
  noticeHoldMaxMs?: number;
  /** Is told once, however many sessions and doors give the same function. */
  onEvent?: (event: HoldEvent) => void;
}

/** What sessions that ran READONLY may read from. */
export interface ReadOptions {
  /** A replica may be so much behind its primary. 0: none is read from. */
  replicaLagMaxMs?: number;
}

export const NOTICE_HOLD_MAX_MS = 5_000;
export const REPLICA_LAG_MAX_MS = 10_000;

/** Names that no server knows are asked for once, and no more of them than this. */
const ASKED_NAMES_MAX = 1_000;

/** What the sessions of one process share about one pair, apart from the topology: made when first needed. */
class Shared {
  readonly gate: Transport;
  readonly scripts = new ScriptCache();
  readonly asked = new Set<string>();
  readonly party: HoldParty;
  readonly beacon = new MarkerBeacon();
  /** By the bound on the lag. */
  readonly #places = new Map<number, ReplicaPlaces>();
  /** One function for all doors to the pair: the watch tells it once. */
  readonly publish: (event: TopologyEvent | HoldEvent) => void;

  constructor(transport: Transport, dialsMax: number, pair: string) {
    this.gate = new DialGate(transport, dialsMax);
    this.publish = (event) => publish(event, () => ({ pair }));
    this.party = new HoldParty(clock, this.publish);
  }

  places(lagMaxMs: number): ReplicaPlaces {
    const places = this.#places.get(lagMaxMs) ?? new ReplicaPlaces(lagMaxMs, idle);
    this.#places.set(lagMaxMs, places);
    return places;
  }
}

const shared = new WeakMap<object, Shared>();
// One event loop, so one queue for all pairs.
const idle = new IdleQueue();
// What a command name means does not depend on the pair.
const table = CommandTable.standard();
let sessions = 0;

export interface SessionPlace {
  deliver(chunk: Buffer): void;
  breathe(): void;
  ended(reason: string | undefined): void;
  onEvent(event: SessionEvent): void;
  answers?(name: string, args: readonly Buffer[]): Buffer | undefined;
  relieved?(): void;
  /** Given: much comes from the node, and this tells whether all that was delivered has left. */
  spent?(): boolean;
  /** Given: what is thrown where a node's bytes or a timer are taken is told here, instead of ending the process. */
  faulted?(error: unknown): void;
  /** Given: the client only reads, from replicas, and a command that may write is answered with this error. */
  readonly writesRefused?: Buffer;
}

/** One door's hold on a pair: the shared topology, and sessions with it. */
export class Pair {
  readonly topology: Topology;
  readonly #shared: Shared;
  /** As the topology has it: TLS when the options or the nodes' URLs ask for it. */
  readonly #tls: Pick<DialOptions, 'tls'>;
  /** For people. */
  readonly #name: string;
  /** Undefined: only primaries are read from. */
  readonly #places: ReplicaPlaces | undefined;
  #released = false;

  /** `dialsMax` counts for all doors to the pair; the first one's holds. */
  constructor(
    private readonly options: TopologyOptions,
    dialsMax: number,
    private readonly noticeOptions: NoticeOptions = {},
    { replicaLagMaxMs = REPLICA_LAG_MAX_MS }: ReadOptions = {},
  ) {
    this.topology = Topology.acquire(options);
    const key = this.topology.sharedKey;
    const urls = options.nodes.map((url) => parseNodeUrl(url));
    this.#name = [...new Set(urls.map((url) => formatAddress(url.address)))].sort().join(',');
    this.#shared = shared.get(key) ?? new Shared(options.transport ?? netTransport, dialsMax, this.#name);
    shared.set(key, this.#shared);
    this.#places = replicaLagMaxMs === 0 ? undefined : this.#shared.places(replicaLagMaxMs);
    this.topology.onEvent(this.#shared.publish);
    this.topology.onPrimary(this.#shared.party.primaryIs);
    const secure = options.tls !== undefined || urls.some((url) => url.tls);
    this.#tls = secure ? { tls: options.tls ?? {} } : {};
  }

  /** A session that follows this pair's primary, or reads from its replicas, until it is closed. `identity`: of a client that has begun elsewhere. */
  session(place: SessionPlace, options: Partial<SessionOptions>, identity?: Identity): Session<PrimaryView> {
    const { topology } = this;
    const number = ++sessions;
    const { faulted } = place;
    const source = () => ({ pair: this.#name, session: number, client: session.client });
    const session: Session<PrimaryView> = new Session<PrimaryView>(
      {
        ...place,
        onEvent: (event) => {
          publish(event, source);
          place.onEvent(event);
        },
        dial: (view, handlers) => {
          const bulk = place.spent !== undefined;
          return this.#dial(view, faulted === undefined ? handlers : guardLink(handlers, faulted), bulk);
        },
        prospect: (refusedBy, hint) => topology.candidate(refusedBy, hint),
        seek: (refusedBy, hint) => {
          topology.suspect(refusedBy, hint).then((view) => view !== undefined && session.primaryIs(view));
        },
        now: () => clock.now(),
        setTimer: (ms, fire) => clock.setTimer(ms, faulted === undefined ? fire : guarded(fire, faulted)),
        clearTimer: (timer) => clock.clearTimer(timer as Timer | undefined),
        unknownCommand: (name) => this.#learn(name),
        onStandstill: () => this.#shared.party.stirred(session),
        ...(this.#places === undefined ? {} : { places: this.#places.of(() => session, topology) }),
        beacon: this.#shared.beacon.on(topology),
        table,
        scripts: this.#shared.scripts,
      },
      options,
      identity,
    );
    return session;
  }

  #dial(view: PrimaryView, handlers: Parameters<Transport['dial']>[1], bulk: boolean): Upstream {
    const { connectTimeoutMs = 2_000 } = this.options;
    const tls = view.address.kind === 'unix' ? {} : this.#tls;
    return this.#shared.gate.dial(view.address, handlers, { connectTimeoutMs, bulk, ...tls });
  }

  /** Asks the primary what an unknown command does. Until the answer comes it counts as a write. */
  #learn(name: string): void {
    const { asked } = this.#shared;
    if (asked.has(name) || asked.size >= ASKED_NAMES_MAX) return;
    asked.add(name);
    this.topology.ask(['COMMAND', 'INFO', name]).then(
      (reply) => {
        const info = Array.isArray(reply) ? reply[0] : undefined;
        const flags = Array.isArray(info) ? info[2] : undefined;
        if (Array.isArray(flags)) table.learn(name, flags.map(String));
      },
      // Nobody could be asked: the next one who meets the name asks again.
      () => asked.delete(name),
    );
  }

  /**
   * Tells a session each new primary, and what operators tell before a switch, until the returned function is called. The
   * news of a primary is acted on at once when the session has commands outstanding, or carries many clients (`first`); else
   * when those have been served, or before its next command.
   */
  keepInformed(session: Session<PrimaryView>, first = false): () => void {
    const forgetPrimary = this.topology.onPrimary((view) => {
      session.primaryIsByNow(view);
      if (first || session.unanswered > 0) session.catchUp();
      else idle.add(() => session.catchUp());
    });
    const leaveParty = this.#joinParty(session);
    return () => {
      forgetPrimary();
      this.#places?.leave(session);
      leaveParty();
    };
  }

  #joinParty(session: Session<PrimaryView>): () => void {
    const { notices = true, noticeHoldMaxMs: holdMaxMs = NOTICE_HOLD_MAX_MS, onEvent } = this.noticeOptions;
    if (!notices) return () => {};
    const { party } = this.#shared;
    const leave = party.join({ session, topology: this.topology, holdMaxMs, onEvent });
    const stopHearing = this.topology.onNotice(party.hear);
    return () => {
      leave();
      stopHearing();
    };
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.topology.release();
  }
}
