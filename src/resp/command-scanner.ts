import { type CommandTable, NAME_BYTES_MAX } from './command-table.js';
import { bulkEnd, headerEnd, lengthIn } from './complete-token.js';
import { PartialLine, splitInline } from './inline-command.js';
import { RespError, type RespErrorCode } from './resp-error.js';

export interface CommandLimits {
  /** Longest command, in bytes of its frame. Servers: no bulk longer than 512 MiB. */
  commandBytesMax: number;
  /** Most arguments, the name included. Servers: 1024 × 1024, later 2³¹. */
  argumentsMax: number;
  /** Longest inline command, in bytes without its line end. Servers: 64 KiB. */
  inlineBytesMax: number;
}

export const defaultCommandLimits: Readonly<CommandLimits> = {
  commandBytesMax: 1024 * 1024 * 1024,
  argumentsMax: 1024 * 1024,
  inlineBytesMax: 64 * 1024,
};

const Start = 0;
const InCount = 1;
const AtArgument = 2;
const InLength = 3;
const InBody = 4;
const InLine = 5;

const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const STAR = 0x2a;
const MINUS = 0x2d;

const DIGITS_MAX = 20;
const NUMBER_CAP = 1e15;
const NOTHING = new Uint8Array(0);

/**
 * Finds the ends of commands (arrays of bulk strings, or inline lines) in a byte stream that may be cut anywhere, and knows
 * their names. It never looks into an argument but the first, and keeps a few numbers, a name of up to 32 bytes, and of
 * an inline command the part that came so far; it holds no reference to a buffer between calls.
 */
export class CommandScanner {
  /** Table id of the command that ended last; 0 for an unknown name. */
  id = 0;
  /** Its arguments, the name included; 0 for an empty line, `*0` and `*-1`, to which servers give no reply. */
  argc = 0;
  /** Whether it was an inline command. */
  inline = false;

  private readonly table: CommandTable;
  private readonly commandBytesMax: number;
  private readonly argumentsMax: number;
  private readonly inlineBytesMax: number;
  private state = Start;
  /** Arguments still to come, the one at hand included. */
  private left = 0;
  private bytes = 0;
  private failure: RespError | undefined;
  // The header or body at hand, when it was cut.
  private number = 0;
  private digits = 0;
  private negative = false;
  private last = 0;
  private skip = 0;
  /** The first argument, while it comes in pieces. Empty before any does. */
  private name: Uint8Array = NOTHING;
  private nameLength = 0;
  private readonly line = new PartialLine();

  constructor(table: CommandTable, limits?: Partial<CommandLimits>) {
    this.table = table;
    const { commandBytesMax, argumentsMax, inlineBytesMax } = { ...defaultCommandLimits, ...limits };
    this.commandBytesMax = commandBytesMax;
    this.argumentsMax = argumentsMax;
    this.inlineBytesMax = inlineBytesMax;
  }

  /** A command has begun and not ended. */
  get midCommand(): boolean {
    return this.state !== Start;
  }

  /**
   * Scans buf[from, to) until one command ends, and sets `id`, `argc` and `inline` to what it was.
   * @returns the offset just past it, or -1 when `to` came first (call again with the bytes that follow).
   * @throws RespError on malformed or oversized input.
   */
  next(buf: Buffer, from: number, to: number): number {
    if (this.state !== Start || from >= to || buf[from] !== STAR) return this.rest(buf, from, to);
    let p = headerEnd(buf, from, to);
    const count = p === -1 ? 0 : lengthIn(buf, from + 1, p - 2);
    if (count === 0 || count > this.argumentsMax) return this.rest(buf, from, to);
    // A command whose beginning is in the buffer: its complete arguments are taken here, all state in locals.
    let left = count;
    let id = 0;
    for (let end = 0; left > 0 && p < to && buf[p] === DOLLAR; left--, p = end) {
      end = bulkEnd(buf, p, to, this.commandBytesMax);
      if (end === -1) break;
      if (left === count) id = this.table.find(buf, buf[p + 2] === CR ? p + 4 : headerEnd(buf, p, to), end - 2);
    }
    this.id = id;
    this.argc = count;
    this.inline = false;
    if (left === 0 && p - from <= this.commandBytesMax) return p;
    this.state = AtArgument;
    this.left = left;
    this.bytes = p - from;
    this.checkBytes();
    return this.rest(buf, p, to);
  }

  /** Forgets everything, for a new connection. */
  reset(): void {
    this.state = Start;
    this.failure = undefined;
    this.line.clear();
  }

  /** Goes on with a command that has begun, or with one that is not as usual. */
  private rest(buf: Buffer, from: number, to: number): number {
    if (this.failure !== undefined) throw this.failure;
    let p = from;
    while (p < to) {
      p = this.state === AtArgument ? this.wholeArguments(buf, p, to) : this.step(buf, p, to);
      if (this.state === Start) return p;
    }
    return -1;
  }

  /** Takes the arguments that are complete in the buffer, and begins with the one that is not. */
  private wholeArguments(buf: Buffer, from: number, to: number): number {
    let p = from;
    let { left } = this;
    while (left > 0 && p < to && buf[p] === DOLLAR) {
      const end = bulkEnd(buf, p, to, this.commandBytesMax);
      if (end === -1) break;
      if (left === this.argc) this.id = this.table.find(buf, headerEnd(buf, p, to), end - 2);
      left--;
      p = end;
    }
    this.bytes += p - from;
    this.checkBytes();
    this.left = left;
    if (left === 0) this.state = Start;
    else if (p < to) p = this.beginArgument(buf[p]!, p);
    return p;
  }

  /** Takes one token, or what the buffer has of it, p < to. */
  private step(buf: Buffer, p: number, to: number): number {
    switch (this.state) {
      case Start:
        return this.begin(buf[p]!, p);
      case InBody:
        return this.body(buf, p, to);
      case InLine:
        return this.inlineLine(buf, p, to);
      default:
        return this.header(buf, p, to);
    }
  }

  private begin(byte: number, p: number): number {
    this.id = 0;
    this.argc = 0;
    this.bytes = 0;
    this.inline = byte !== STAR;
    if (this.inline) {
      this.state = InLine;
      return p;
    }
    this.beginNumber(InCount);
    return p + 1;
  }

  private beginArgument(byte: number, p: number): number {
    if (byte !== DOLLAR) throw this.broken('SEGUE_RESP_BAD_TYPE', `0x${byte.toString(16).padStart(2, '0')}`);
    this.beginNumber(InLength);
    return p + 1;
  }

  private beginNumber(state: number): void {
    this.state = state;
    this.number = 0;
    this.digits = 0;
    this.negative = false;
    this.last = 0;
  }

  private header(buf: Buffer, p: number, to: number): number {
    while (p < to) {
      const byte = buf[p++]!;
      if (byte === LF && this.last === CR) {
        if (this.state === InCount) this.endCount();
        else this.endLength();
        return p;
      }
      if (!this.headerByte(byte)) throw this.broken('SEGUE_RESP_BAD_LENGTH');
      this.last = byte;
    }
    return p;
  }

  /** Takes one byte of `digits` or `-digits`, not padded, then CR. Returns false when it cannot stand there. */
  private headerByte(byte: number): boolean {
    if (this.last === CR) return false;
    if (byte === CR) return this.digits > 0;
    const digit = byte ^ 0x30;
    if (digit <= 9) {
      // Servers close the connection on a padded number, and more than one client may be on it.
      if (this.digits > 0 && this.number === 0) return false;
      this.number = Math.min(this.number * 10 + digit, NUMBER_CAP);
      return ++this.digits <= DIGITS_MAX;
    }
    this.negative = true;
    return byte === MINUS && this.last === 0;
  }

  private endCount(): void {
    if (this.negative || this.number === 0) {
      this.state = Start;
      return;
    }
    if (this.number > this.argumentsMax) throw this.broken('SEGUE_RESP_TOO_MANY_ARGUMENTS');
    this.argc = this.number;
    this.left = this.number;
    this.bytes = this.digits + 3;
    this.state = AtArgument;
  }

  private checkBytes(): void {
    if (this.bytes > this.commandBytesMax) throw this.broken('SEGUE_RESP_COMMAND_TOO_LARGE');
  }

  private endLength(): void {
    if (this.negative) throw this.broken('SEGUE_RESP_BAD_LENGTH');
    this.bytes += this.digits + 5 + this.number;
    this.checkBytes();
    this.skip = this.number + 2;
    this.nameLength = 0;
    this.state = InBody;
  }

  private body(buf: Buffer, p: number, to: number): number {
    const end = p + this.skip;
    if (this.left === this.argc) this.keepName(buf, p, Math.min(end - 2, to));
    if (end - 2 >= p && end - 2 < to && buf[end - 2] !== CR) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (end > to) {
      this.skip = end - to;
      return to;
    }
    if (buf[end - 1] !== LF) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (this.left === this.argc && this.nameLength <= NAME_BYTES_MAX)
      this.id = this.table.find(this.name, 0, this.nameLength);
    this.state = --this.left === 0 ? Start : AtArgument;
    return end;
  }

  /** Bytes past the 32nd are only counted: no known name is that long. */
  private keepName(buf: Buffer, from: number, to: number): void {
    if (this.name.length === 0) this.name = new Uint8Array(NAME_BYTES_MAX);
    for (let p = from; p < to && this.nameLength <= NAME_BYTES_MAX; p++) this.name[this.nameLength++] = buf[p]!;
  }

  private inlineLine(buf: Buffer, p: number, to: number): number {
    const found = buf.indexOf(LF, p);
    const ended = found !== -1 && found < to;
    const end = ended ? found : to;
    if (this.line.length + end - p > this.inlineBytesMax + 1) throw this.broken('SEGUE_RESP_INLINE_TOO_LONG');
    if (ended && this.line.length === 0) {
      this.endLine(buf, p, end);
    } else {
      this.line.append(buf, p, end);
      if (!ended) return to;
      this.endLine(this.line.bytes, 0, this.line.length);
      this.line.clear();
    }
    return end + 1;
  }

  private endLine(line: Buffer, start: number, lineEnd: number): void {
    const end = lineEnd > start && line[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (end - start > this.inlineBytesMax) throw this.broken('SEGUE_RESP_INLINE_TOO_LONG');
    // Servers look for the end of the line in a C string: they would wait for it for ever.
    if (line.subarray(start, end).includes(0)) throw this.broken('SEGUE_RESP_BAD_LINE');
    const args = this.split(line, start, end);
    this.argc = args.length;
    const name = args[0];
    if (name !== undefined) this.id = this.table.find(name, 0, name.length);
    this.state = Start;
  }

  private split(line: Buffer, start: number, end: number): Buffer[] {
    try {
      return splitInline(line, start, end);
    } catch (error) {
      if (error instanceof RespError) this.failure = error;
      throw error;
    }
  }

  private broken(code: RespErrorCode, detail?: string): RespError {
    this.failure = new RespError(code, detail);
    return this.failure;
  }
}
