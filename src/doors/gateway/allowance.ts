import { COMMAND_WORK_BYTES } from './trunk.js';

/** Commands of one client that are outstanding on a trunk. */
export const WINDOW_MAX = 128;
/** An answer larger than this is too large for others to wait for it. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** While the trunk is busy so much of each client's goes first, and at least so many commands. */
export const PIECE_BYTES = 32 * 1024;
export const PIECE_COMMANDS = 16;

/** How much one client may have outstanding, by what its answers have been like. */
export class Allowance {
  /** Of the answer that is coming. */
  #answerBytes = 0;
  /** Of an answer as it is to be expected; 0: nobody knows. */
  #usualBytes = 0;
  #heavy = false;

  /** It has had answers that are too large for others to wait for. */
  get isHeavy(): boolean {
    return this.#heavy;
  }

  /** Bytes of answers have come, and `answers` of them end there. Large ones are remembered for a while. */
  received(bytes: number, answers: number): void {
    this.#answerBytes += bytes;
    if (answers === 0) return;
    const each = this.#answerBytes / answers;
    if (each > ANSWER_BYTES_MAX) this.#heavy = true;
    this.#usualBytes = Math.max(each, this.#usualBytes / 2);
    this.#answerBytes = 0;
  }

  /** So many commands may be outstanding whose answers come to about `shareBytes`. While nobody knows how large they are: one. */
  window(shareBytes: number): number {
    if (this.#usualBytes === 0) return 1;
    return Math.max(1, Math.min(WINDOW_MAX, Math.floor(shareBytes / this.#usualBytes)));
  }

  /** So many while others wait: no more work than a piece. */
  ration(shareBytes: number): number {
    const piece = Math.floor(PIECE_BYTES / (COMMAND_WORK_BYTES + this.#usualBytes));
    return Math.min(this.window(shareBytes), Math.max(PIECE_COMMANDS, piece));
  }
}
