import { RespError, type RespErrorCode } from './resp-error.js';

/** Why `scan()` returned. */
export const Stop = { Exhausted: 0, Special: 1, Limit: 2 } as const;

export interface ReplyLimits {
  /** Longest bulk string, in bytes; the sum of its parts for a streamed one. Servers: 512 MiB. */
  bulkBytesMax: number;
  /** Longest line (simple strings, errors, numbers), in bytes without CRLF. */
  lineBytesMax: number;
  /** How deep streamed aggregates may be nested. Fixed ones need no memory and are not counted. */
  depthMax: number;
  /** How many values may be outstanding by declaration at one time. */
  elementsMax: number;
}

export const defaultReplyLimits: Readonly<ReplyLimits> = {
  bulkBytesMax: 512 * 1024 * 1024,
  lineBytesMax: 64 * 1024,
  depthMax: 32,
  elementsMax: 2 ** 30,
};

/** Where in a token the scanner stands. */
const Start = 0;
const InLine = 1;
const InHeader = 2;
const InBody = 3;

/** Token kinds; the numbers of the lines with restricted bytes are their bit in `lineBytes`. */
const Invalid = 0;
const Text = 1;
const Integer = 2;
const Double = 4;
const Bool = 8;
const Null = 16;
const StreamEnd = 32;
const Blob = 64;
const Aggregate = 65;

const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const PERCENT = 0x25;
const STAR = 0x2a;
const DOT = 0x2e;
const SEMICOLON = 0x3b;
const QUESTION = 0x3f;
const PIPE = 0x7c;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** No server pads lengths; a header that goes on for ever must not. */
const DIGITS_MAX = 20;
/** Where a length saturates while it is read: past every limit, and exact. */
const LENGTH_CAP = 1e15;

const tokenKinds = byteTable({
  '+-': Text,
  ':(': Integer,
  ',': Double,
  '#': Bool,
  _: Null,
  '$!=': Blob,
  '*~>%|': Aggregate,
});
/** Top-level frames that a reply counter must not swallow: errors, pushes, and attributes (which belong to what follows). */
const specialTypes = byteTable({ '-!>|': 1 });
const lineBytes = byteTable({ '0123456789': Integer | Double, '+-': Double, '.eEinfa': Double, tf: Bool });

function byteTable(rows: Record<string, number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [bytes, value] of Object.entries(rows)) {
    for (const byte of Buffer.from(bytes)) table[byte]! |= value;
  }
  return table;
}

interface StreamLevel {
  /** `need` of the enclosing level, to go on with after the end marker. */
  need: number;
  /** Values come in pairs (map, attribute). */
  paired: boolean;
  odd: boolean;
}

/**
 * Finds the ends of RESP2 and RESP3 reply frames in a byte stream that may be cut anywhere. It decodes nothing, never looks
 * into bulk bodies and keeps a few numbers only, whatever lengths are declared; it holds no reference to a buffer between calls.
 *
 * Values still outstanding are one number, `need`: an array of N adds N, a map 2N, and an attribute 2N without taking a place
 * itself. Only streamed aggregates, whose length nobody knows, need a stack.
 *
 * The fast path in `run()` takes tokens that are complete in the buffer; `token()` takes all the others, byte by byte.
 */
export class ReplyScanner {
  /** Why the last `scan()` returned: a value of `Stop`. */
  stop: number = Stop.Exhausted;
  /** Frames completed by the last `scan()`, also when it threw. */
  frames = 0;
  /** Offset just past the last frame completed by the last `scan()`; its `from` when there was none. */
  boundary = 0;

  private readonly limits: Readonly<ReplyLimits>;
  private state = Start;
  private need = 0;
  private readonly levels: StreamLevel[] = [];
  /** Inside `$?`: only `;` parts may come. */
  private inParts = false;
  private streamed = 0;
  private failure: RespError | undefined;
  // The token at hand, when it was cut.
  private type = 0;
  private length = 0;
  private digits = 0;
  private negative = false;
  private last = 0;
  private skip = 0;

  constructor(limits?: Partial<ReplyLimits>) {
    this.limits = { ...defaultReplyLimits, ...limits };
  }

  /** A frame has begun and not ended. */
  get midFrame(): boolean {
    return this.need !== 0 || this.state !== Start || this.levels.length !== 0;
  }

  /**
   * Counts plain top-level frames in buf[from, to). Stops after `limit` frames (`Limit`: returns the offset after the last), at the
   * first byte of a special top-level frame `-` `!` `>` `|` (`Special`: returns the offset of that byte, unconsumed), or at `to`
   * (`Exhausted`: returns `to`; call again with the bytes that follow).
   * @throws RespError on malformed or oversized input; `frames` and `boundary` then tell what was complete before it.
   */
  scan(buf: Buffer, from: number, to: number, limit: number): number {
    return this.run(buf, from, to, limit, true);
  }

  /**
   * Scans to the end of the one frame at hand, whatever its type; begins one if none has begun. An attribute belongs to the frame
   * after it. Leaves `stop`, `frames` and `boundary` as the last `scan()` set them.
   * @returns the offset just past the frame, or -1 when `to` came first (call again with the bytes that follow).
   */
  finish(buf: Buffer, from: number, to: number): number {
    const { stop, frames, boundary } = this;
    const end = this.run(buf, from, to, 1, false);
    const ended = this.frames === 1;
    this.stop = stop;
    this.frames = frames;
    this.boundary = boundary;
    return ended ? end : -1;
  }

  /** Forgets everything, for a new connection. */
  reset(): void {
    this.stop = Stop.Exhausted;
    this.frames = 0;
    this.boundary = 0;
    this.state = Start;
    this.need = 0;
    this.levels.length = 0;
    this.inParts = false;
    this.failure = undefined;
  }

  /**
   * One round per token. Complete tokens outside streamed values are taken here, with all state in locals; everything else
   * (cut, rare or wrong) goes to `token()`, which decides what it is.
   */
  private run(buf: Buffer, from: number, to: number, limit: number, stopAtSpecial: boolean): number {
    let p = from;
    let frames = 0;
    let boundary = from;
    let need = this.need;
    let slow = this.state !== Start || this.inParts || this.levels.length !== 0 || this.failure !== undefined;
    let stop: number = limit > 0 ? Stop.Exhausted : Stop.Limit;
    while (p < to && stop === Stop.Exhausted) {
      if (slow) {
        this.frames = frames;
        this.boundary = boundary;
        this.need = need;
        p = this.token(buf, p, to);
        need = this.need;
        slow = this.state !== Start || this.inParts || this.levels.length !== 0;
        if (slow) continue;
      } else {
        const type = buf[p]!;
        if (need === 0 && stopAtSpecial && specialTypes[type] !== 0) {
          stop = Stop.Special;
          break;
        }
        slow = true;
        continue;
      }
      if (need === 0) {
        frames++;
        boundary = p;
        if (frames === limit) stop = Stop.Limit;
      }
    }
    this.need = need;
    this.frames = frames;
    this.boundary = boundary;
    this.stop = stop;
    return p;
  }

  /** Takes one token (a line, a header, a body) or what the buffer has of it; p < to. Returns the offset after that. */
  private token(buf: Buffer, p: number, to: number): number {
    if (this.failure !== undefined) throw this.failure;
    if (this.state === Start) {
      this.begin(buf[p]!);
      return p + 1;
    }
    if (this.state === InLine) return this.line(buf, p, to);
    if (this.state === InHeader) return this.header(buf, p, to);
    return this.body(buf, p, to);
  }

  private begin(type: number): void {
    this.type = type;
    this.length = 0;
    this.digits = 0;
    this.negative = false;
    this.last = 0;
    const level = this.levels.at(-1);
    if (this.inParts) {
      if (type !== SEMICOLON) throw this.broken('SEGUE_RESP_BAD_STREAM');
      this.state = InHeader;
    } else if (type === DOT) {
      if (level === undefined || this.need !== 0 || level.odd) throw this.broken('SEGUE_RESP_BAD_STREAM');
      this.state = InLine;
    } else {
      const kind = tokenKinds[type]!;
      if (kind === Invalid) throw this.broken('SEGUE_RESP_BAD_TYPE', `0x${type.toString(16).padStart(2, '0')}`);
      if (this.need === 0) {
        this.need = 1;
        if (level?.paired) level.odd = !level.odd;
      }
      this.state = kind >= Blob ? InHeader : InLine;
    }
  }

  private line(buf: Buffer, p: number, to: number): number {
    const kind = this.type === DOT ? StreamEnd : tokenKinds[this.type]!;
    while (p < to) {
      const byte = buf[p++]!;
      if (byte === LF) {
        this.endLine(kind);
        return p;
      }
      if (kind !== Text) this.checkLineByte(kind, byte);
      this.last = byte;
      // The last byte may be the CR, which does not count.
      if (++this.length > this.limits.lineBytesMax + 1) throw this.broken('SEGUE_RESP_LINE_TOO_LONG');
    }
    return p;
  }

  private checkLineByte(kind: number, byte: number): void {
    if (this.last === CR) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (byte === CR || (kind === Integer && this.length === 0 && (byte === PLUS || byte === MINUS))) return;
    if ((lineBytes[byte]! & kind) === 0) throw this.broken('SEGUE_RESP_BAD_LINE');
    this.digits++;
  }

  private endLine(kind: number): void {
    if (this.last !== CR) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (this.length - 1 > this.limits.lineBytesMax) throw this.broken('SEGUE_RESP_LINE_TOO_LONG');
    if ((kind & (Integer | Double | Bool)) !== 0 && this.digits === 0) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (kind === Bool && this.digits !== 1) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (kind === StreamEnd) this.need = this.levels.pop()!.need;
    else this.need--;
    this.state = Start;
  }

  private header(buf: Buffer, p: number, to: number): number {
    while (p < to) {
      const byte = buf[p++]!;
      if (byte === LF && this.last === CR) {
        this.endHeader();
        return p;
      }
      if (!this.headerByte(byte)) throw this.broken('SEGUE_RESP_BAD_LENGTH');
      this.last = byte;
    }
    return p;
  }

  /** Takes one byte of `digits`, `-digits` or `?`, then CR. Returns false when it cannot stand there. */
  private headerByte(byte: number): boolean {
    if (this.last === CR) return false;
    if (byte === CR) return this.digits > 0 || this.last === QUESTION;
    const digit = byte ^ 0x30;
    if (digit <= 9 && this.last !== QUESTION) {
      this.length = Math.min(this.length * 10 + digit, LENGTH_CAP);
      return ++this.digits <= DIGITS_MAX;
    }
    this.negative = byte === MINUS;
    return this.last === 0 && (byte === MINUS || byte === QUESTION);
  }

  private endHeader(): void {
    const { type, length } = this;
    this.state = Start;
    if (this.digits === 0) {
      this.beginStream(type);
    } else if (this.negative) {
      if (length !== 1 || (type !== DOLLAR && type !== STAR)) throw this.broken('SEGUE_RESP_BAD_LENGTH');
      this.need--;
    } else if (type === SEMICOLON) {
      this.beginPart(length);
    } else if (tokenKinds[type] === Blob) {
      if (length > this.limits.bulkBytesMax) throw this.broken('SEGUE_RESP_BULK_TOO_LARGE');
      this.skip = length + 2;
      this.state = InBody;
    } else {
      this.need += declared(type, length);
      if (this.need > this.limits.elementsMax) throw this.broken('SEGUE_RESP_TOO_MANY_ELEMENTS');
    }
  }

  /** After `$?`, `*?`, …: what follows has no length. */
  private beginStream(type: number): void {
    if (type === DOLLAR) {
      this.inParts = true;
      this.streamed = 0;
      return;
    }
    if (tokenKinds[type] !== Aggregate) throw this.broken('SEGUE_RESP_BAD_LENGTH');
    if (this.levels.length >= this.limits.depthMax) throw this.broken('SEGUE_RESP_TOO_DEEP');
    const paired = type === PERCENT || type === PIPE;
    this.levels.push({ need: type === PIPE ? this.need : this.need - 1, paired, odd: false });
    this.need = 0;
  }

  private beginPart(length: number): void {
    if (length === 0) {
      this.inParts = false;
      this.need--;
      return;
    }
    this.streamed += length;
    if (this.streamed > this.limits.bulkBytesMax) throw this.broken('SEGUE_RESP_BULK_TOO_LARGE');
    this.skip = length + 2;
    this.state = InBody;
  }

  private body(buf: Buffer, p: number, to: number): number {
    const end = p + this.skip;
    if (end - 2 >= p && end - 2 < to && buf[end - 2] !== CR) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (end > to) {
      this.skip = end - to;
      return to;
    }
    if (buf[end - 1] !== LF) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (!this.inParts) this.need--;
    this.state = Start;
    return end;
  }

  private broken(code: RespErrorCode, detail?: string): RespError {
    this.failure = new RespError(code, detail);
    return this.failure;
  }
}

/** How many places a header of `length` adds to those outstanding; the aggregate itself fills one, an attribute none. */
function declared(type: number, length: number): number {
  if (type === PIPE) return 2 * length;
  return type === PERCENT ? 2 * length - 1 : length - 1;
}
