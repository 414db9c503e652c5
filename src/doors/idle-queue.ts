/** Callbacks run per turn of the event loop. */
const PER_TURN = 2;

/**
 * Work that may wait a turn or more of the event loop, a little at a time: idle sessions, when those that hold commands
 * are moving.
 */
export class IdleQueue {
  #waiting: (() => void)[] = [];
  #due = false;

  add(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#due || this.#waiting.length === 0) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      for (const work of this.#waiting.splice(0, PER_TURN)) work();
      this.#schedule();
    });
  }
}
