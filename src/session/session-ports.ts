import type { CommandTable } from '../resp/index.js';
import type { Beacon } from './beacon.js';
import type { Upstream, UpstreamHandlers } from './outlet.js';
import type { ReadPlaces } from './read-places.js';
import type { ScriptCache } from './script-cache.js';
import type { SessionEvent } from './session-event.js';
import type { Primary } from './state.js';

/** The world around a session. The door provides it. */
export interface SessionPorts<P extends Primary> {
  /** Bytes for the client, in order. They belong to the receiver. */
  deliver(chunk: Buffer): void;
  /**
   * A chunk of the node's has been read to its end. True: nobody refers to what was delivered any more. A port for doors
   * that carry much; without it every chunk is read into memory of its own.
   */
  spent?(): boolean;
  /** The client takes what is delivered from now on for something else than before: let it have a turn in between. */
  breathe?(): void;
  /** The session has ended by itself: QUIT, bytes that are no RESP, or half a reply that cannot be completed. */
  ended(reason: string | undefined): void;
  dial(view: P, handlers: UpstreamHandlers): Upstream;
  /** The node that will probably be named next, now that `refusedBy` has refused; only one that is trusted. */
  prospect(refusedBy: string, hint: { host: string; port: number } | undefined): P | undefined;
  /** In a hold: the session has become `quiet`. Or what `prepare` began has come to an end, good or bad. */
  onStandstill?(): void;
  /** Asks the topology, which answers by `primaryIs`, now or later or not at all. */
  seek(refusedBy: string | undefined, hint: { host: string; port: number } | undefined): void;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  unknownCommand(name: string): void;
  /**
   * An answer of the door's own, instead of sending the command. Asked for administrative commands, and those that mean
   * something to the session. An error spoils a transaction; another answer is not used within one.
   */
  answers?(name: string, args: readonly Buffer[]): Buffer | undefined;
  /** Less may be outstanding than before: whoever stopped taking commands because of `retained` looks again. */
  relieved?(): void;
  onEvent(event: SessionEvent): void;
  /** Without it subscriptions are made anew at each node, and messages in between are missed. */
  readonly beacon?: Beacon | undefined;
  /** Without it nobody reads from replicas. */
  readonly places?: ReadPlaces<P> | undefined;
  /** The client may do nothing but read, and from replicas; whatever may write is answered with this error. */
  readonly writesRefused?: Buffer | undefined;
  readonly table: CommandTable;
  readonly scripts: ScriptCache;
}
