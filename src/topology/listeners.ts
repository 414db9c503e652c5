/**
 * Functions to be told of something. One that was added several times is told once, until it was removed as often.
 * What one of them throws becomes an uncaught error of its own: the others, and the caller, go on.
 */
export class Listeners<T> {
  readonly #added = new Map<(value: T) => void, number>();

  /** Returns what removes it again. */
  add(listener: (value: T) => void): () => void {
    this.#added.set(listener, (this.#added.get(listener) ?? 0) + 1);
    let removed = false;
    return () => {
      if (removed) return;
      removed = true;
      const left = (this.#added.get(listener) ?? 0) - 1;
      if (left > 0) this.#added.set(listener, left);
      else this.#added.delete(listener);
    };
  }

  tell(value: T): void {
    for (const listener of [...this.#added.keys()]) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  get isEmpty(): boolean {
    return this.#added.size === 0;
  }

  clear(): void {
    this.#added.clear();
  }
}
