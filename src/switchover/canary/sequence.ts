/** What the list that the canary wrote says about the switch. All counts are 0 when nothing was lost, doubled or moved. */
export interface SequenceVerdict {
  readonly acknowledged: number;
  /** Sent, and the connection lost before the answer: each may be there once, or not. */
  readonly uncertain: number;
  /** Acknowledged and not there. */
  readonly missing: number;
  readonly doubled: number;
  /** There before one that was written earlier. */
  readonly reordered: number;
  /** There although they were refused or never sent. */
  readonly unexpected: number;
  /** The first faults, in words. */
  readonly notes: readonly string[];
}

const notesMax = 10;

/** The numbers 1, 2, 3 … that are written one after the other, and what became of each. */
export class Sequence {
  #last = 0;
  #acknowledged = 0;
  /** The few that were not acknowledged. */
  readonly #uncertain = new Set<number>();
  readonly #unsent = new Set<number>();

  /** The next number to write. */
  next(): number {
    return ++this.#last;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  acknowledge(): void {
    this.#acknowledged += 1;
  }

  giveUp(number: number, wasSent: boolean): void {
    (wasSent ? this.#uncertain : this.#unsent).add(number);
  }

  /** `found`: what stands in the list at the new primary, in its order. */
  verify(found: Iterable<number>): SequenceVerdict {
    const seen = new Set<number>();
    const notes: string[] = [];
    const note = (text: string): void => {
      if (notes.length < notesMax) notes.push(text);
    };
    let [doubled, reordered, unexpected, highest] = [0, 0, 0, 0];
    for (const number of found) {
      if (seen.has(number)) {
        doubled += 1;
        note(`${number} is there twice`);
      } else if (!(number >= 1 && number <= this.#last) || this.#unsent.has(number)) {
        unexpected += 1;
        note(`${number} is there and was not written`);
      } else if (number < highest) {
        reordered += 1;
        note(`${number} stands behind ${highest}`);
      }
      seen.add(number);
      highest = Math.max(highest, number);
    }
    let missing = 0;
    for (let number = 1; number <= this.#last; number++) {
      if (seen.has(number) || this.#uncertain.has(number) || this.#unsent.has(number)) continue;
      missing += 1;
      note(`${number} was acknowledged and is not there`);
    }
    const { acknowledged } = this;
    return { acknowledged, uncertain: this.#uncertain.size, missing, doubled, reordered, unexpected, notes };
  }
}
