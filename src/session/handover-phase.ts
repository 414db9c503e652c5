import { Braid } from './braid.js';
import type { LeftStream } from './left-stream.js';
import type { Upstream } from './outlet.js';

/** How far a stream is: subscribed to the markers' channel or not yet, or past the marker. */
export type Place = 'asked' | 'heard' | 'marked';

export interface Stream {
  readonly link: Upstream;
  readonly place: Place;
}

export interface OldStream extends Stream {
  /** The session has left the connection, and this reads what it brings. Else the session itself reads it. */
  readonly left: LeftStream | undefined;
}

export type Phase =
  /** One stream, the session's own. */
  | { at: 'apart' }
  /** The marker is awaited. `text`: what it says, once it was asked for. */
  | {
      at: 'pairing';
      old: OldStream;
      young: Stream | undefined;
      text: string | undefined;
      braid: Braid;
      sinceMs: number;
    }
  /** From here on it does not matter which of the two brings a message. `old`: until the young one is joined. */
  | { at: 'paired'; old: OldStream | undefined; young: Stream; braid: Braid; ahead: boolean; tookMs: number };

export const APART: Phase = { at: 'apart' };

export type Pairing = Phase & { at: 'pairing' };

/** The two are to find the same place in what they bring. */
export function beginPairing(streams: Pick<Pairing, 'old' | 'young'>, nowMs: number): Pairing {
  return { at: 'pairing', ...streams, text: undefined, braid: new Braid(), sinceMs: nowMs };
}

/** Both have brought the marker. A connection that was left is done with. */
export function paired({ old, braid, sinceMs }: Pairing, young: Stream, nowMs: number): Phase {
  const ahead = old.left === undefined;
  return { at: 'paired', old: ahead ? old : undefined, young, braid, ahead, tookMs: nowMs - sinceMs };
}
