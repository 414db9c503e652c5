import type { Beacon } from './beacon.js';
import type { Identity } from './identity.js';
import type { SessionEvent } from './session-event.js';

/** What a handover needs of the session around it. */
export interface HandoverHost {
  readonly identity: Identity;
  readonly beacon: Beacon | undefined;
  /** Of messages that one stream has brought and the other has not. */
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** A message, to the client. */
  deliver(frame: Buffer): void;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  onEvent(event: SessionEvent): void;
  /** Whoever waited for it goes on: the place was found, or (false) it will not be. */
  settled(found: boolean): void;
}
