import type { Clock, Timer } from '../transport/index.js';

/**
 * From the last process's answer to the promotion it takes a millisecond or two. Then the next primary is asked again and
 * again, a few times, so that the verdict does not have to wait for the operator's word and then for an answer. Not where
 * so many processes are told that their questions would keep the node from its promotion.
 */
export const QUICK_LOOKS = { afterMs: 1, count: 12, processesMax: 8 } as const;

/** One question after the other, each as soon as the one before is answered. What the answers are, others hear. */
export class QuickLooks {
  #timer: Timer | undefined;
  #left = 0;

  constructor(private readonly clock: Clock) {}

  /** `processes`: how many look at the same time; undefined when nobody knows. */
  begin(processes: number | undefined, look: () => Promise<void> | undefined): void {
    this.end();
    if (processes === undefined || processes > QUICK_LOOKS.processesMax) return;
    this.#left = QUICK_LOOKS.count;
    this.#timer = this.clock.setTimer(QUICK_LOOKS.afterMs, () => this.#next(look), { unref: true });
  }

  end(): void {
    this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#left = 0;
  }

  #next(look: () => Promise<void> | undefined): void {
    if (this.#left === 0) return;
    this.#left--;
    look()?.then(() => this.#next(look));
  }
}
