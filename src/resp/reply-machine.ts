import type { ReplyLimits } from './reply-limits.js';
import { Byte, declared, Kind, lineBytes, tokenKinds } from './reply-types.js';
import { RespError, type RespErrorCode } from './resp-error.js';

/** Where in a token the machine stands. */
const Start = 0;
const InLine = 1;
const InHeader = 2;
const InBody = 3;

/** No server pads lengths; a header that goes on for ever must not. */
const DIGITS_MAX = 20;
/** Where a length saturates while it is read: past every limit, and exact. */
const LENGTH_CAP = 1e15;

interface StreamLevel {
  /** `need` of the enclosing level, to go on with after the end marker. */
  need: number;
  /** Values come in pairs (map, attribute). */
  paired: boolean;
  odd: boolean;
}

/**
 * The complete grammar of replies, resumable at every byte. A scanner's fast path leaves to it what is cut, streamed, rare
 * or wrong; it takes whatever bytes there are of one token at a time and decides what they are.
 */
export class ReplyMachine {
  /** Values outstanding in the frame at hand (in the innermost streamed aggregate, if there is one); 0 between frames. */
  need = 0;
  /** Inside a token or a streamed value, or broken: the next bytes are for this machine. */
  busy = false;

  private readonly limits: Readonly<ReplyLimits>;
  private state = Start;
  private readonly levels: StreamLevel[] = [];
  /** Inside `$?`: only `;` parts may come. */
  private inParts = false;
  private partBytes = 0;
  private failure: RespError | undefined;
  // The token at hand, while it is cut.
  private type = 0;
  private length = 0;
  private digits = 0;
  private negative = false;
  private last = 0;
  private skip = 0;

  constructor(limits: Readonly<ReplyLimits>) {
    this.limits = limits;
  }

  reset(): void {
    this.need = 0;
    this.busy = false;
    this.state = Start;
    this.levels.length = 0;
    this.inParts = false;
    this.failure = undefined;
  }

  /** Takes one token part (type, line, header, body) or what the buffer has of it; p < to. Returns the offset after that. */
  take(buf: Buffer, p: number, to: number): number {
    if (this.failure !== undefined) throw this.failure;
    let next = p + 1;
    if (this.state === Start) this.begin(buf[p]!);
    else if (this.state === InLine) next = this.line(buf, p, to);
    else if (this.state === InHeader) next = this.header(buf, p, to);
    else next = this.body(buf, p, to);
    this.busy = this.state !== Start || this.inParts || this.levels.length !== 0;
    return next;
  }

  private begin(type: number): void {
    this.type = type;
    this.length = 0;
    this.digits = 0;
    this.negative = false;
    this.last = 0;
    const level = this.levels.at(-1);
    if (this.inParts) {
      if (type !== Byte.Semicolon) throw this.broken('SEGUE_RESP_BAD_STREAM');
      this.state = InHeader;
    } else if (type === Byte.Dot) {
      if (level === undefined || this.need !== 0 || level.odd) throw this.broken('SEGUE_RESP_BAD_STREAM');
      this.state = InLine;
    } else {
      const kind = tokenKinds[type]!;
      if (kind === Kind.Invalid) throw this.broken('SEGUE_RESP_BAD_TYPE', `0x${type.toString(16).padStart(2, '0')}`);
      if (this.need === 0) {
        this.need = 1;
        if (level?.paired) level.odd = !level.odd;
      }
      this.state = kind >= Kind.Blob ? InHeader : InLine;
    }
  }

  private line(buf: Buffer, p: number, to: number): number {
    const kind = this.type === Byte.Dot ? Kind.StreamEnd : tokenKinds[this.type]!;
    while (p < to) {
      const byte = buf[p++]!;
      if (byte === Byte.LF) {
        this.endLine(kind);
        return p;
      }
      if (kind !== Kind.Text) this.checkLineByte(kind, byte);
      this.last = byte;
      // The last byte may be the Byte.CR, which does not count.
      if (++this.length > this.limits.lineBytesMax + 1) throw this.broken('SEGUE_RESP_LINE_TOO_LONG');
    }
    return p;
  }

  private checkLineByte(kind: number, byte: number): void {
    if (this.last === Byte.CR) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (byte === Byte.CR || (kind === Kind.Integer && this.length === 0 && (byte === Byte.Plus || byte === Byte.Minus)))
      return;
    if ((lineBytes[byte]! & kind) === 0) throw this.broken('SEGUE_RESP_BAD_LINE');
    this.digits++;
  }

  private endLine(kind: number): void {
    if (this.last !== Byte.CR) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (this.length - 1 > this.limits.lineBytesMax) throw this.broken('SEGUE_RESP_LINE_TOO_LONG');
    if ((kind & (Kind.Integer | Kind.Double | Kind.Bool)) !== 0 && this.digits === 0)
      throw this.broken('SEGUE_RESP_BAD_LINE');
    if (kind === Kind.Bool && this.digits !== 1) throw this.broken('SEGUE_RESP_BAD_LINE');
    if (kind === Kind.StreamEnd) this.need = this.levels.pop()!.need;
    else this.need--;
    this.state = Start;
  }

  private header(buf: Buffer, p: number, to: number): number {
    while (p < to) {
      const byte = buf[p++]!;
      if (byte === Byte.LF && this.last === Byte.CR) {
        this.endHeader();
        return p;
      }
      if (!this.headerByte(byte)) throw this.broken('SEGUE_RESP_BAD_LENGTH');
      this.last = byte;
    }
    return p;
  }

  /** Takes one byte of `digits`, `-digits` or `?`, then Byte.CR. Returns false when it cannot stand there. */
  private headerByte(byte: number): boolean {
    if (this.last === Byte.CR) return false;
    if (byte === Byte.CR) return this.digits > 0 || this.last === Byte.Question;
    const digit = byte ^ Byte.Zero;
    if (digit <= 9 && this.last !== Byte.Question) {
      this.length = Math.min(this.length * 10 + digit, LENGTH_CAP);
      return ++this.digits <= DIGITS_MAX;
    }
    this.negative = byte === Byte.Minus;
    return this.last === 0 && (byte === Byte.Minus || byte === Byte.Question);
  }

  private endHeader(): void {
    const { type, length } = this;
    this.state = Start;
    if (this.digits === 0) {
      this.beginStream(type);
    } else if (this.negative) {
      if (length !== 1 || (type !== Byte.Dollar && type !== Byte.Star)) throw this.broken('SEGUE_RESP_BAD_LENGTH');
      this.need--;
    } else if (type === Byte.Semicolon) {
      this.beginPart(length);
    } else if (tokenKinds[type] === Kind.Blob) {
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
    if (type === Byte.Dollar) {
      this.inParts = true;
      this.partBytes = 0;
      return;
    }
    if (tokenKinds[type] !== Kind.Aggregate) throw this.broken('SEGUE_RESP_BAD_LENGTH');
    if (this.levels.length >= this.limits.depthMax) throw this.broken('SEGUE_RESP_TOO_DEEP');
    const paired = type === Byte.Percent || type === Byte.Pipe;
    this.levels.push({ need: type === Byte.Pipe ? this.need : this.need - 1, paired, odd: false });
    this.need = 0;
  }

  private beginPart(length: number): void {
    if (length === 0) {
      this.inParts = false;
      this.need--;
      return;
    }
    this.partBytes += length;
    if (this.partBytes > this.limits.bulkBytesMax) throw this.broken('SEGUE_RESP_BULK_TOO_LARGE');
    this.skip = length + 2;
    this.state = InBody;
  }

  private body(buf: Buffer, p: number, to: number): number {
    const end = p + this.skip;
    if (end - 2 >= p && end - 2 < to && buf[end - 2] !== Byte.CR) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (end > to) {
      this.skip = end - to;
      return to;
    }
    if (buf[end - 1] !== Byte.LF) throw this.broken('SEGUE_RESP_BAD_BULK');
    if (!this.inParts) this.need--;
    this.state = Start;
    return end;
  }

  private broken(code: RespErrorCode, detail?: string): RespError {
    this.failure = new RespError(code, detail);
    this.busy = true;
    return this.failure;
  }
}
