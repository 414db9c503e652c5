/** Who is still to do what is asked of all: those whose turn has not come, and those who have begun. */
export class Roll<T> {
  readonly #due: Set<T>;
  readonly #begun = new Set<T>();

  constructor(all: Iterable<T>) {
    this.#due = new Set(all);
  }

  get open(): number {
    return this.#due.size + this.#begun.size;
  }

  /** False when it is not to begin any more. */
  begin(one: T): boolean {
    if (!this.#due.delete(one)) return false;
    this.#begun.add(one);
    return true;
  }

  settle(one: T): void {
    this.#begun.delete(one);
  }

  remove(one: T): void {
    this.#due.delete(one);
    this.#begun.delete(one);
  }

  /** Nobody begins any more. */
  end(): void {
    this.#due.clear();
  }
}
