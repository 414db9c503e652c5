/** Commands that came within this time of each other expire together. */
const GRAIN_MS = 5;
/** A node that has kept the commands for so long without refusing them has taken them: their budget is new. */
const TAKEN_MS = 1_000;

/**
 * How long the commands without an answer have been on hold: all holds together, since a node that refuses again and again
 * (`-LOADING`, `-NOREPLICAS`) ends each hold only to cause the next.
 */
export class Hold {
  /** `upTo`: index just past the last command on hold since `since`, as if the time in between had not passed. Both ascending. */
  #marks: { upTo: number; since: number }[] = [];
  #since: number | undefined;
  /** When the last hold ended. */
  #endedAt = Number.NEGATIVE_INFINITY;

  /** `head`, `tail`: the commands in between wait. */
  begin(head: number, tail: number, now: number): void {
    if (this.#since !== undefined) return;
    this.#since = now;
    const flowedMs = now - this.#endedAt;
    if (flowedMs >= TAKEN_MS) this.#marks = [];
    this.#forget(head);
    for (const mark of this.#marks) mark.since += flowedMs;
    this.note(tail, now);
  }

  /** Commands up to `tail` have come. */
  note(tail: number, now: number): void {
    const last = this.#marks[this.#marks.length - 1];
    if (last !== undefined && now - last.since < GRAIN_MS) last.upTo = tail;
    // Most have one mark, for good: the array that begins with it has room for no more.
    else if (last === undefined) this.#marks = [{ upTo: tail, since: now }];
    else if (last.upTo < tail) this.#marks.push({ upTo: tail, since: now });
  }

  /** Returns how long it was. */
  end(now: number): number {
    const heldMs = now - (this.#since ?? now);
    this.#since = undefined;
    this.#endedAt = now;
    return heldMs;
  }

  /** When the first command that still waits (index ≥ head) will have waited too long. */
  dueAt(head: number, timeoutMs: number): number {
    this.#forget(head);
    return this.#marks.length === 0 ? Number.POSITIVE_INFINITY : this.#marks[0]!.since + timeoutMs;
  }

  /** Index up to which commands have waited too long; `head` when none has. */
  expired(head: number, now: number, timeoutMs: number): number {
    this.#forget(head);
    let upTo = head;
    for (const mark of this.#marks) if (mark.since + timeoutMs <= now) upTo = mark.upTo;
    return upTo;
  }

  #forget(head: number): void {
    let gone = 0;
    while (gone < this.#marks.length && this.#marks[gone]!.upTo <= head) gone++;
    this.#marks.splice(0, gone);
  }
}
