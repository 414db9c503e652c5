import { type Clock, clock } from '../transport/index.js';
import { piecesPerTurn } from './pace.js';

/**
 * Work for many sessions, spread over turns of the event loop so that those who are being served meanwhile do not wait
 * for all of it: in each turn few pieces, or, for light work, as many as `budgetMs` allows, or half as long as the turn took.
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

  /** As much of what waits as one turn may take, now; the rest in the turns to come. For what is urgent. */
  start(): void {
    this.#turn(this.time.now());
  }

  #schedule(): void {
    if (this.#due || this.#waiting.length === 0) return;
    this.#due = true;
    const beforeMs = this.time.now();
    setImmediate(() => {
      this.#due = false;
      this.#turn(beforeMs);
      this.#schedule();
    });
  }

  #turn(beforeMs: number): void {
    const startMs = this.time.now();
    const turnMs = startMs - beforeMs;
    const untilMs = startMs + (this.budgetMs > 0 ? Math.max(this.budgetMs, turnMs / 2) : 0);
    let pieces = piecesPerTurn(turnMs);
    do this.#waiting.shift()?.();
    while (this.#waiting.length > 0 && (--pieces > 0 || this.time.now() < untilMs));
  }
}
