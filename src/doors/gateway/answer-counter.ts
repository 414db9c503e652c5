import { ReplyScanner, Stop } from '../../resp/index.js';

const PUSH = 0x3e;
const MINUS = 0x2d;
const NO_AUTH = Buffer.from('-NOAUTH');

/** Finds out where the answers of a node end, and what it thinks of clients that have not logged in. */
export class AnswerCounter {
  readonly #scanner = new ReplyScanner();
  #to = 0;
  #welcome: 'unknown' | 'served' | 'turned-away' = 'unknown';

  /** Whether the node serves clients that have not logged in, as far as any answer has shown. */
  get welcome(): 'unknown' | 'served' | 'turned-away' {
    return this.#welcome;
  }

  /** Part of an answer has come. */
  get midAnswer(): boolean {
    return this.#scanner.midFrame;
  }

  /** Up to where the last call came. */
  get to(): number {
    return this.#to;
  }

  /** Counts answers in chunk[from, …), no more than `most`; stops in front of a push. */
  count(chunk: Buffer, from: number, most: number): number {
    const scanner = this.#scanner;
    let at = from;
    let answers = 0;
    while (answers < most && at < chunk.length) {
      at = scanner.scan(chunk, at, chunk.length, most - answers);
      answers += scanner.frames;
      if (scanner.frames > 0 && this.#welcome === 'unknown') this.#welcome = 'served';
      if (scanner.stop !== Stop.Special || chunk[at] === PUSH) break;
      if (chunk[at] === MINUS && startsWith(chunk, at, NO_AUTH)) this.#welcome = 'turned-away';
      const end = scanner.finish(chunk, at, chunk.length);
      if (end < 0) at = chunk.length;
      else {
        at = end;
        answers++;
      }
    }
    this.#to = at;
    return answers;
  }

  /** Where a push ends that begins at `from`, or the chunk does; `from` when none begins there. */
  pastPush(chunk: Buffer, from: number): number {
    const scanner = this.#scanner;
    if (from >= chunk.length || scanner.midFrame || chunk[from] !== PUSH) return from;
    const end = scanner.finish(chunk, from, chunk.length);
    return end < 0 ? chunk.length : end;
  }
}

function startsWith(chunk: Buffer, at: number, word: Buffer): boolean {
  return chunk.length - at >= word.length && chunk.compare(word, 0, word.length, at, at + word.length) === 0;
}
