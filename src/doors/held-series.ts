import { NOTICE_BOUNDS, thinned, type Waiting } from '../topology/index.js';

/**
 * What waited in the sessions of a process while they held, counted when something happened anyway. Bounded: of many
 * countings the higher ones stay.
 */
export class HeldSeries {
  #points: Waiting = [];
  #heldMs: number | undefined;
  #isWhole = false;

  /** Since the beginning of the hold. Does nothing once the sessions could go on. */
  take(atMs: number, commands: number): void {
    if (this.#heldMs === undefined) this.#add(readable(atMs), commands);
  }

  /** The sessions can go on; what waited until then is counted by `last`. False when they could before. */
  stop(atMs: number): boolean {
    if (this.#heldMs !== undefined) return false;
    this.#heldMs = readable(atMs);
    return true;
  }

  /** Counted when they could go on, before any of them had another answer. Only the first such count is taken. */
  last(commands: number): void {
    if (this.#heldMs === undefined || this.#isWhole) return;
    this.#add(this.#heldMs, commands);
    this.#isWhole = true;
  }

  /** As it is told; undefined as long as it is not whole. */
  get told(): { readonly heldMs: number; readonly waiting: Waiting } | undefined {
    return this.#heldMs === undefined || !this.#isWhole ? undefined : { heldMs: this.#heldMs, waiting: this.#points };
  }

  #add(atMs: number, commands: number): void {
    const point = [atMs, Math.min(commands, NOTICE_BOUNDS.count)] as const;
    this.#points = thinned([...this.#points, point], NOTICE_BOUNDS.countings);
  }
}

/** Microseconds are enough. */
function readable(ms: number): number {
  return Math.min(NOTICE_BOUNDS.holdMs, Math.max(0, Math.round(ms * 1_000) / 1_000));
}
