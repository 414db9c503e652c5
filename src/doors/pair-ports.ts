import type { CommandTable } from '../resp/index.js';
import {
  type Beacon,
  type Identity,
  type ReadPlaces,
  type ScriptCache,
  Session,
  type SessionEvent,
  type SessionOptions,
  type SessionPorts,
  type Upstream,
  type UpstreamHandlers,
} from '../session/index.js';
import type { PrimaryView, Topology } from '../topology/index.js';
import { type Burden, clock, type Faulted, guarded, guardLink, type Timer } from '../transport/index.js';
import { publish } from './diagnostics.js';
import type { Seat } from './replica-places.js';

/** A session's client, as its door has it. */
export interface SessionPlace {
  deliver(chunk: Buffer): void;
  breathe(): void;
  ended(reason: string | undefined): void;
  onEvent(event: SessionEvent): void;
  answers?(name: string, args: readonly Buffer[]): Buffer | undefined;
  relieved?(): void;
  /** Given: tells whether all that was delivered has left, so that its memory may be used again. */
  spent?(): boolean;
  /** What comes from the node. Default `little`. */
  readonly burden?: Burden;
  /** Given: what is thrown where a node's bytes or a timer are taken is told here, instead of ending the process. */
  faulted?(error: unknown): void;
  /** Given: the client only reads, from replicas, and a command that may write is answered with this error. */
  readonly writesRefused?: Buffer | undefined;
}

/** What the sessions of a pair have in common. */
export interface PairHost {
  readonly topology: Topology;
  /** For people. */
  readonly name: string;
  readonly table: CommandTable;
  readonly scripts: ScriptCache;
  readonly beacon: Beacon;
  /** `burden`: what will come from there, for a client who tells when it is `spent`. */
  dial(view: PrimaryView, handlers: UpstreamHandlers, burden: Burden | undefined): Upstream;
  /** A command that no table knows was met. */
  learn(name: string): void;
  /** In a hold: the session has become quiet, or has done with what it was to prepare. */
  stirred(session: Session<PrimaryView>): void;
  /** Undefined: only primaries are read from. */
  placesOf(seat: Seat): ReadPlaces<PrimaryView> | undefined;
}

let sessions = 0;

/** A session, and the world around it: the pair on the one side, and the client on the other. */
export class PairPorts implements SessionPorts<PrimaryView>, Faulted, Seat {
  readonly session: Session<PrimaryView>;
  readonly places: ReadPlaces<PrimaryView> | undefined;
  readonly #number = ++sessions;

  constructor(
    private readonly pair: PairHost,
    private readonly place: SessionPlace,
    options: Partial<SessionOptions>,
    identity: Identity | undefined,
  ) {
    this.places = pair.placesOf(this);
    this.session = new Session<PrimaryView>(this, options, identity);
  }

  // ---- the client ----------------------------------------------------------------------------------------------

  deliver(chunk: Buffer): void {
    this.place.deliver(chunk);
  }

  breathe(): void {
    this.place.breathe();
  }

  relieved(): void {
    this.place.relieved?.();
  }

  spent(): boolean {
    return this.place.spent?.() === true;
  }

  ended(reason: string | undefined): void {
    this.place.ended(reason);
  }

  answers(name: string, args: readonly Buffer[]): Buffer | undefined {
    return this.place.answers?.(name, args);
  }

  get writesRefused(): Buffer | undefined {
    return this.place.writesRefused;
  }

  onEvent(event: SessionEvent): void {
    publish(event, () => ({ pair: this.pair.name, session: this.#number, client: this.session.client }));
    this.place.onEvent(event);
  }

  // ---- the pair ------------------------------------------------------------------------------------------------

  get table(): CommandTable {
    return this.pair.table;
  }

  get scripts(): ScriptCache {
    return this.pair.scripts;
  }

  get beacon(): Beacon {
    return this.pair.beacon;
  }

  dial(view: PrimaryView, handlers: UpstreamHandlers): Upstream {
    const { faulted, spent, burden = 'little' } = this.place;
    const heard = faulted === undefined ? handlers : guardLink(handlers, this);
    return this.pair.dial(view, heard, spent === undefined ? undefined : burden);
  }

  prospect(refusedBy: string, hint: { host: string; port: number } | undefined): PrimaryView | undefined {
    return this.pair.topology.candidate(refusedBy, hint);
  }

  seek(refusedBy: string | undefined, hint: { host: string; port: number } | undefined): void {
    this.pair.topology.suspect(refusedBy, hint).then((view) => view !== undefined && this.session.primaryIs(view));
  }

  unknownCommand(name: string): void {
    this.pair.learn(name);
  }

  onStandstill(): void {
    this.pair.stirred(this.session);
  }

  // ---- time ----------------------------------------------------------------------------------------------------

  now(): number {
    return clock.now();
  }

  setTimer(ms: number, fire: () => void): Timer {
    return clock.setTimer(ms, this.place.faulted === undefined ? fire : guarded(fire, this));
  }

  clearTimer(timer: unknown): void {
    clock.clearTimer(timer as Timer | undefined);
  }

  faulted(error: unknown): void {
    this.place.faulted?.(error);
  }
}
