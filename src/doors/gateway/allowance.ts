import { AnswerSize } from './answer-size.js';

/** Commands of one client that are outstanding on a trunk. */
export const WINDOW_MAX = 128;
/** An answer larger than this is too large for others to wait for it. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** A command is as much work as so many bytes that come or go. */
export const COMMAND_WORK_BYTES = 512;

/** When clients of a trunk take turns, and how much each has in one. */
export interface Rations {
  /** More outstanding work than this is a queue that nobody should have to stand in before his first answer. */
  readonly busyBytes: number;
  /** So much of each client's goes first then, and at least so many commands. */
  readonly pieceBytes: number;
  readonly pieceCommands: number;
}

export const RATIONS: Rations = { busyBytes: 512 * 1024, pieceBytes: 32 * 1024, pieceCommands: 16 };

/** How much one client may have outstanding, by what its answers have been like. */
export class Allowance {
  readonly #size = new AnswerSize();
  /** Of an answer as it is to be expected; 0: nobody knows. */
  #usualBytes = 0;
  #heavy = false;

  /** It has had answers that are too large for others to wait for. */
  get isHeavy(): boolean {
    return this.#heavy;
  }

  /** Bytes of answers have come, and `answers` of them end there. Large ones are remembered for a while. */
  received(bytes: number, answers: number): void {
    const each = this.#size.received(bytes, answers);
    if (each === 0) return;
    if (each > ANSWER_BYTES_MAX) this.#heavy = true;
    this.#usualBytes = Math.max(each, this.#usualBytes / 2);
  }

  /** So many commands may be outstanding whose answers come to about `shareBytes`. While nobody knows how large they are: one. */
  window(shareBytes: number): number {
    if (this.#usualBytes === 0) return 1;
    return Math.max(1, Math.min(WINDOW_MAX, Math.floor(shareBytes / this.#usualBytes)));
  }

  /** So many while others wait: no more work than a piece. */
  ration(shareBytes: number, { pieceBytes, pieceCommands }: Rations): number {
    const piece = Math.floor(pieceBytes / (COMMAND_WORK_BYTES + this.#usualBytes));
    return Math.min(this.window(shareBytes), Math.max(pieceCommands, piece));
  }
}
