import { type Clock, clock } from '../transport/index.js';

/**
 * Work for many sessions, spread over turns of the event loop so that those who are being served meanwhile do not wait
 * for all of it: in each turn one piece, and then more until `budgetMs` is over (0: one piece).
 */
export class IdleQueue {
  readonly #waiting: (() => void)[] = [];
  #due = false;

  constructor(
    private readonly budgetMs = 0,
    private readonly time: Clock = clock,
  ) {}

  add(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#due || this.#waiting.length === 0) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#turn();
      this.#schedule();
    });
  }

  #turn(): void {
    const startMs = this.time.now();
    do this.#waiting.shift()?.();
    while (this.#waiting.length > 0 && this.time.now() - startMs < this.budgetMs);
  }
}
