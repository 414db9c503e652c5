import type { CommandTable } from './command-table.js';
import { bulkEnd } from './complete-token.js';

const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const STAR = 0x2a;
const ZERO = 0x30;
const NINE = 0x39;

/** Bytes in front of the name: `*d\r\n$d\r\n`. */
const HEAD = 8;

/** Which commands a run is to consist of. */
export interface Choice {
  readonly table: CommandTable;
  /** By the table's ids: 1 for a command that is wanted. */
  readonly wanted: Uint8Array;
}

/**
 * Where the commands in a buffer end and what is known of them, as whoever has scanned it found them, so that nobody has to
 * scan it again. For whole commands, one behind the other. Made to be used again and again: valid until its owner begins
 * anew.
 */
export class CommandRun {
  /** Offset just past each command, counted from where the run begins. */
  readonly ends: Uint32Array;
  /** What the table knows of each (`Fact` bits). */
  readonly facts: Uint32Array;
  /** The facts of all of them, together. */
  allFacts = 0;
  length = 0;
  private start = 0;

  constructor(capacity: number) {
    this.ends = new Uint32Array(capacity);
    this.facts = new Uint32Array(capacity);
  }

  /** Empty, and its first command will stand at offset `start` of the buffer. */
  begin(start: number): void {
    this.start = start;
    this.length = 0;
    this.allFacts = 0;
  }

  /** A command that ends before buf[end]. No more than the capacity. */
  add(end: number, facts: number): void {
    this.ends[this.length] = end - this.start;
    this.facts[this.length++] = facts;
    this.allFacts |= facts;
  }

  /**
   * Adds the commands of buf[from, to) up to `most` in all, as long as they are chosen, whole, no larger than
   * `commandBytesMax`, and look like nearly all do: name and number of arguments short. buf[from] begins a command.
   * @returns the offset just past the last of them, where CommandScanner has to look.
   */
  scan(buf: Buffer, from: number, to: number, most: number, commandBytesMax: number, choice: Choice): number {
    const { ends, facts, start } = this;
    const { table, wanted } = choice;
    let { length, allFacts } = this;
    let at = from;
    // Commands of one name come one behind the other: it is looked up once.
    let nameAt = 0;
    let nameBytes = -1;
    let known = 0;
    while (length < most) {
      const nameEnd = shortNameEnd(buf, at, to);
      if (nameEnd === -1) break;
      const end = bulksEnd(buf, nameEnd + 2, to, (buf[at + 1]! ^ ZERO) - 1);
      if (end === -1 || end - at > commandBytesMax) break;
      if (nameEnd - at - HEAD !== nameBytes || !areSame(buf, at + HEAD, nameAt, nameBytes)) {
        nameAt = at + HEAD;
        nameBytes = nameEnd - nameAt;
        const id = table.find(buf, nameAt, nameEnd);
        if (wanted[id] !== 1) break;
        known = table.flags[id]!;
        allFacts |= known;
      }
      ends[length] = end - start;
      facts[length++] = known;
      at = end;
    }
    this.length = length;
    this.allFacts = allFacts;
    return at;
  }
}

/** Where the name ends of a command with one to nine arguments and a name of one to nine bytes; -1 for any other. */
function shortNameEnd(buf: Buffer, at: number, to: number): number {
  if (at + HEAD > to) return -1;
  const count = buf[at + 1]!;
  const nameLength = buf[at + 5]!;
  const end = at + HEAD + nameLength - ZERO;
  return count > ZERO &&
    count <= NINE &&
    nameLength > ZERO &&
    nameLength <= NINE &&
    end + 2 <= to &&
    buf[at] === STAR &&
    buf[at + 2] === CR &&
    buf[at + 3] === LF &&
    buf[at + 4] === DOLLAR &&
    buf[at + 6] === CR &&
    buf[at + 7] === LF &&
    buf[end] === CR &&
    buf[end + 1] === LF
    ? end
    : -1;
}

/** Where `count` bulk strings end; -1 when they do not, or are wrong. */
function bulksEnd(buf: Buffer, from: number, to: number, count: number): number {
  let p = from;
  for (let left = count; left > 0; left--) {
    if (p >= to || buf[p] !== DOLLAR) return -1;
    p = bulkEnd(buf, p, to, to);
    if (p === -1) return -1;
  }
  return p;
}

function areSame(buf: Buffer, a: number, b: number, length: number): boolean {
  let i = 0;
  while (i < length && buf[a + i] === buf[b + i]) i++;
  return i === length;
}
