import { RespError } from './resp-error.js';

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

const escapes: ReadonlyMap<number, number> = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }).map(([name, byte]) => [
    name.charCodeAt(0),
    byte.charCodeAt(0),
  ]),
);

/** Splits the line line[start, end), without its line end, as the servers do (`sdssplitargs`). The arguments are copies. */
export function splitInline(line: Buffer, start: number, end: number): Buffer[] {
  const splitter = new Splitter(line, start, end);
  const args: Buffer[] = [];
  for (let arg = splitter.next(); arg !== undefined; arg = splitter.next()) args.push(arg);
  return args;
}

/** The beginning of a line that came in pieces: a copy, because the pieces' buffers are used again. It doubles when it is full. */
export class PartialLine {
  length = 0;
  private buffer: Buffer = empty;

  /** The line so far; valid until the next `append()`. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  append(buf: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.buffer.length, 256));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    buf.copy(this.buffer, this.length, from, to);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    this.buffer = empty;
  }
}

const empty = Buffer.alloc(0);

class Splitter {
  private readonly line: Buffer;
  private readonly end: number;
  private at: number;
  private readonly arg: Buffer;
  private length = 0;

  constructor(line: Buffer, start: number, end: number) {
    // A server reads the line as a C string: it ends at the first NUL.
    const nul = line.subarray(start, end).indexOf(0);
    this.line = line;
    this.at = start;
    this.end = nul === -1 ? end : start + nul;
    this.arg = Buffer.allocUnsafe(this.end - start);
  }

  next(): Buffer | undefined {
    while (this.at < this.end && isSpace(this.line[this.at]!)) this.at++;
    if (this.at === this.end) return undefined;
    this.length = 0;
    while (this.at < this.end) {
      const byte = this.line[this.at++]!;
      // Vertical tab and form feed part arguments, but do not end one: so do the servers.
      if (byte === SPACE || byte === TAB || byte === 0x0a || byte === 0x0d) break;
      if (byte === QUOTE || byte === APOSTROPHE) {
        // A closing quote ends the argument.
        if (byte === QUOTE) this.quoted();
        else this.literal();
        break;
      }
      this.put(byte);
    }
    return Buffer.from(this.arg.subarray(0, this.length));
  }

  /** Up to the closing `"`, with escapes. */
  private quoted(): void {
    for (;;) {
      const byte = this.take();
      if (byte === QUOTE) break;
      this.put(byte === BACKSLASH ? this.escaped() : byte);
    }
    this.closed();
  }

  /** Up to the closing `'`; only `\'` is an escape. */
  private literal(): void {
    for (;;) {
      const byte = this.take();
      if (byte === APOSTROPHE) break;
      if (byte === BACKSLASH && this.line[this.at] === APOSTROPHE && this.at < this.end) this.put(this.take());
      else this.put(byte);
    }
    this.closed();
  }

  private escaped(): number {
    const hex = /^x[0-9a-fA-F]{2}$/.exec(this.line.toString('latin1', this.at, Math.min(this.at + 3, this.end)));
    if (hex !== null) {
      this.at += 3;
      return Number.parseInt(hex[0].slice(1), 16);
    }
    const byte = this.take();
    return escapes.get(byte) ?? byte;
  }

  private closed(): void {
    if (this.at < this.end && !isSpace(this.line[this.at]!)) throw new RespError('SEGUE_RESP_UNBALANCED_QUOTES');
  }

  private take(): number {
    if (this.at === this.end) throw new RespError('SEGUE_RESP_UNBALANCED_QUOTES');
    return this.line[this.at++]!;
  }

  private put(byte: number): void {
    this.arg[this.length++] = byte;
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= 0x0d);
}
