import type { TimeoutSpot } from '../resp/index.js';
import type { Change } from './identity.js';
import type { Family } from './subscriptions.js';

/** What the answer to a command means to the session, where it means anything. */
export type Role =
  | { is: 'plain' }
  | { is: 'multi' }
  /** `blind`: a WATCH before it did not survive a move, so it must not commit (it is sent as DISCARD and answered nil). */
  | { is: 'exec'; blind: boolean }
  | { is: 'discard' }
  | { is: 'watch' }
  | { is: 'unwatch' }
  | { is: 'change'; change: Change }
  | Subscription<'subscribe'>
  /** No names: all of the family. */
  | Subscription<'unsubscribe'>
  | { is: 'monitor' }
  | { is: 'reset' }
  | { is: 'quit' }
  | { is: 'script-flush' }
  /** CLIENT CACHING YES: of the command behind it only, and sent again with that. */
  | { is: 'caching' }
  /** `deadline`: clock time at which the client expects nil; Infinity when it waits for ever. */
  | { is: 'blocking'; spot: TimeoutSpot; deadline: number }
  /** Its answer brings a cursor, and so does the command at `spot` unless it begins an iteration. */
  | { is: 'scan'; spot: number }
  /** The session's own command; nobody is given the answer. */
  | { is: 'own' };

/** EXEC, DISCARD and RESET close the transaction that they stand in. */
export function endsTransaction(role: Role | undefined): boolean {
  return role?.is === 'exec' || role?.is === 'discard' || role?.is === 'reset';
}

/** After these no WATCH is in force. */
export function endsWatch(role: Role | undefined): boolean {
  return role?.is === 'unwatch' || endsTransaction(role);
}

export interface Subscription<Is extends string> {
  is: Is;
  family: Family;
  names: readonly string[];
  /** Confirmations that came on the current connection. */
  confirmed: number;
  /** Confirmations that the client has. */
  given: number;
}
