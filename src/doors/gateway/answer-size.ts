/** How large answers are that come in pieces. */
export class AnswerSize {
  /** Of the answer that is coming. */
  #bytes = 0;

  /** Bytes have come, and `answers` of them end there. Returns how large these are on average; 0: none has ended. */
  received(bytes: number, answers: number): number {
    this.#bytes += bytes;
    if (answers <= 0) return 0;
    const each = this.#bytes / answers;
    this.#bytes = 0;
    return each;
  }
}
