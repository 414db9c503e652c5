import { CommandTable } from '../resp/index.js';
import {
  type Beacon,
  type Identity,
  type ReadPlaces,
  ScriptCache,
  type Session,
  type SessionOptions,
  type Upstream,
  type UpstreamHandlers,
} from '../session/index.js';
import type { PrimaryView, TopologyEvent, TopologyOptions } from '../topology/index.js';
import { Topology } from '../topology/index.js';
import {
  type Burden,
  clock,
  type DialOptions,
  formatAddress,
  netTransport,
  parseNodeUrl,
  type Transport,
} from '../transport/index.js';
import { publish } from './diagnostics.js';
import { DialGate } from './dial-gate.js';
import { HoldParty } from './hold-party.js';
import type { HoldEvent } from './hold-phase.js';
import { IdleQueue } from './idle-queue.js';
import { MarkerBeacon } from './marker-beacon.js';
import { type PairHost, PairPorts, type SessionPlace } from './pair-ports.js';
import { ReplicaPlaces, type Seat } from './replica-places.js';
import { tell } from './tell.js';

export type { SessionPlace } from './pair-ports.js';
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

/** One door's hold on a pair: the shared topology, and sessions with it. */
export class Pair implements PairHost {
  readonly topology: Topology;
  readonly name: string;
  readonly beacon: Beacon;
  readonly table = table;
  readonly #shared: Shared;
  readonly #dialOptions: DialOptions;
  /** As the topology has it: TLS when the options or the nodes' URLs ask for it. */
  readonly #secureDialOptions: DialOptions;
  /** Undefined: only primaries are read from. */
  readonly #places: ReplicaPlaces | undefined;
  /** The sessions that are told of primaries; true: first, before those that nobody waits for. */
  readonly #informed = new Map<Session<PrimaryView>, boolean>();
  #stopHearing = () => {};
  #released = false;

  /** `dialsMax` counts for all doors to the pair; the first one's holds. */
  constructor(
    options: TopologyOptions,
    dialsMax: number,
    private readonly noticeOptions: NoticeOptions = {},
    { replicaLagMaxMs = REPLICA_LAG_MAX_MS }: ReadOptions = {},
  ) {
    this.topology = Topology.acquire(options);
    const key = this.topology.sharedKey;
    const urls = options.nodes.map((url) => parseNodeUrl(url));
    this.name = [...new Set(urls.map((url) => formatAddress(url.address)))].sort().join(',');
    this.#shared = shared.get(key) ?? new Shared(options.transport ?? netTransport, dialsMax, this.name);
    shared.set(key, this.#shared);
    this.#places = replicaLagMaxMs === 0 ? undefined : this.#shared.places(replicaLagMaxMs);
    this.beacon = this.#shared.beacon.on(this.topology);
    this.topology.onEvent(this.#shared.publish);
    this.topology.onPrimary(this.#shared.party.primaryIs);
    const secure = options.tls !== undefined || urls.some((url) => url.tls);
    const { connectTimeoutMs = 2_000 } = options;
    this.#dialOptions = { connectTimeoutMs };
    this.#secureDialOptions = secure ? { connectTimeoutMs, tls: options.tls ?? {} } : this.#dialOptions;
  }

  /** A session that follows this pair's primary, or reads from its replicas, until it is closed. `identity`: of a client that has begun elsewhere. */
  session(place: SessionPlace, options: Partial<SessionOptions>, identity?: Identity): Session<PrimaryView> {
    return new PairPorts(this, place, options, identity).session;
  }

  // ---- what sessions ask -----------------------------------------------------------------------------------------

  get scripts(): ScriptCache {
    return this.#shared.scripts;
  }

  dial(view: PrimaryView, handlers: UpstreamHandlers, burden: Burden | undefined): Upstream {
    const options = view.address.kind === 'unix' ? this.#dialOptions : this.#secureDialOptions;
    return this.#shared.gate.dial(view.address, handlers, burden === undefined ? options : { ...options, burden });
  }

  stirred(session: Session<PrimaryView>): void {
    this.#shared.party.stirred(session);
  }

  placesOf(seat: Seat): ReadPlaces<PrimaryView> | undefined {
    return this.#places?.of(seat, this.topology);
  }

  /** Asks the primary what an unknown command does. Until the answer comes it counts as a write. */
  learn(name: string): void {
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
    if (this.#informed.size === 0) this.#hear();
    this.#informed.set(session, first);
    const { notices = true, noticeHoldMaxMs: holdMaxMs = NOTICE_HOLD_MAX_MS, onEvent } = this.noticeOptions;
    const { party } = this.#shared;
    if (notices) party.join({ session, topology: this.topology, holdMaxMs, onEvent });
    return () => {
      this.#informed.delete(session);
      this.#places?.leave(session);
      party.leave(session);
      if (this.#informed.size === 0) this.#stopHearing();
    };
  }

  /** For all sessions together. */
  #hear(): void {
    const { notices = true } = this.noticeOptions;
    const forgetPrimary = this.topology.onPrimary((view) => {
      for (const [session, first] of [...this.#informed]) tell(inform, { session, view, first });
    });
    const ignoreNotices = notices ? this.topology.onNotice(this.#shared.party.hear) : undefined;
    this.#stopHearing = () => {
      forgetPrimary();
      ignoreNotices?.();
    };
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.topology.release();
  }
}

interface News {
  readonly session: Session<PrimaryView>;
  readonly view: PrimaryView;
  readonly first: boolean;
}

function inform({ session, view, first }: News): void {
  session.primaryIsByNow(view);
  if (first || session.unanswered > 0) session.catchUp();
  else idle.add(() => session.catchUp());
}
