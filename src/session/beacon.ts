/**
 * Publishes markers: messages by which a session finds the same place in the streams of two nodes. One for all sessions of
 * a pair that ask at the same time.
 */
export interface Beacon {
  /** Begins with MARKER_PREFIX; nobody else publishes on it. */
  readonly channel: string;
  /** Publishes one at the primary, soon. Returns what it will say; `refused` is told if it cannot be published. */
  light(refused: (reason: string) => void): string;
}
