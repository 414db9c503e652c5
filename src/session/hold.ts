/** Commands that came within this time of each other expire together. */
const GRAIN_MS = 5;

/** Since when the commands on hold have been waiting. */
export class Hold {
  /** `upTo`: index just past the last command that waits since `since`. Both ascending. */
  #marks: { upTo: number; since: number }[] = [];
  #since: number | undefined;

  /** When the hold began; undefined when there is none. */
  get since(): number | undefined {
    return this.#since;
  }

  begin(tail: number, now: number): void {
    if (this.#since !== undefined) return;
    this.#since = now;
    this.#marks = [{ upTo: tail, since: now }];
  }

  /** Commands up to `tail` have come. */
  note(tail: number, now: number): void {
    const last = this.#marks[this.#marks.length - 1];
    if (last !== undefined && now - last.since < GRAIN_MS) last.upTo = tail;
    else this.#marks.push({ upTo: tail, since: now });
  }

  end(): void {
    this.#since = undefined;
    this.#marks = [];
  }

  /** When the first command that still waits (index ≥ head) will have waited too long. */
  dueAt(head: number, timeoutMs: number): number {
    while (this.#marks.length > 0 && this.#marks[0]!.upTo <= head) this.#marks.shift();
    return this.#marks.length === 0 ? Number.POSITIVE_INFINITY : this.#marks[0]!.since + timeoutMs;
  }

  /** Index up to which commands have waited too long. */
  expired(now: number, timeoutMs: number): number {
    let upTo = 0;
    for (const mark of this.#marks) if (mark.since + timeoutMs <= now) upTo = mark.upTo;
    return upTo;
  }
}
