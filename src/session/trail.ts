import type { Braid } from './braid.js';

/** What a new stream has not brought by then, it never will. */
const TRAIL_MS = 1_000;

/** What the client has from the node before, and the one at hand may bring yet. */
export class Trail {
  readonly #untilMs: number;
  #over = false;

  constructor(
    private readonly braid: Braid,
    nowMs: number,
  ) {
    this.#untilMs = nowMs + TRAIL_MS;
  }

  /** Whether the client has this message. */
  isKnown(frame: Buffer, nowMs: number): boolean {
    const isLate = nowMs > this.#untilMs;
    const isKnown = !isLate && !this.braid.isNew(frame);
    this.#over = isLate || !this.braid.trails;
    return isKnown;
  }

  /** Nothing of it is to come any more. */
  get isOver(): boolean {
    return this.#over;
  }
}
