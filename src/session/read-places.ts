import type { Primary } from './state.js';

/** What a session wishes of the replica that it reads from. */
export interface ReadWish {
  /** It would rather stay with this one. */
  readonly current: string | undefined;
  /** It has just failed to be read. */
  readonly avoid: string | undefined;
  /** It must have all that the primary had at this time (clock time, milliseconds). */
  readonly freshMs: number | undefined;
}

/** Where a session may be that would rather read from a replica. */
export interface ReadPlaces<P extends Primary> {
  /** Undefined: none is fit. */
  choose(wish: ReadWish): P | undefined;
  /** As far as it is known now. */
  readonly primary: P | undefined;
  /** False: nothing is to be expected of this node for the moment. */
  answers(node: string): boolean;
}
