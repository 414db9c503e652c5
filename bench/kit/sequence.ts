/** Numbers that are to come one after the other, each once. */
export class Sequence {
  last = 0;
  /** Left out, or overtaken by a later one. */
  missed = 0;
  /** Came again, or after a later one. */
  again = 0;

  /** False when it is not the next. */
  take(number: number): boolean {
    const isNext = number === this.last + 1;
    if (number > this.last) {
      this.missed += number - this.last - 1;
      this.last = number;
    } else {
      this.again += 1;
    }
    return isNext;
  }
}
