/**
 * Work that may wait some turns of the event loop, one piece in each: idle sessions, when those that hold commands
 * are moving.
 */
export class IdleQueue {
  readonly #waiting: (() => void)[] = [];
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
      this.#waiting.shift()?.();
      this.#schedule();
    });
  }
}
