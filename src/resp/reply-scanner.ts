import {
  bulkEnd,
  headerEnd,
  integerEnd,
  lengthIn,
  longTextEnd,
  nullEnd,
  restrictedEnd,
  textEnd,
} from './complete-token.js';
import { defaultReplyLimits, type ReplyLimits } from './reply-limits.js';
import { ReplyMachine } from './reply-machine.js';
import { declared, Kind, specialTypes, tokenKinds } from './reply-types.js';

/** Why `scan()` returned. */
export const Stop = { Exhausted: 0, Special: 1, Limit: 2 } as const;

// Not `Byte.…`: see complete-token.ts.
const DOLLAR = 0x24;
const PLUS = 0x2b;
const COLON = 0x3a;
const Aggregate = Kind.Aggregate;

/**
 * Finds the ends of RESP2 and RESP3 reply frames in a byte stream that may be cut anywhere. It decodes nothing, never looks
 * into bulk bodies and keeps a few numbers only, whatever lengths are declared; it holds no reference to a buffer between calls.
 *
 * Values still outstanding are one number, `need`: an array of N adds N, a map 2N, and an attribute 2N without taking a place
 * itself. Only streamed aggregates, whose length nobody knows, need a stack.
 *
 * The fast path in `run()` takes tokens that are complete in the buffer; all others are the machine's.
 */
export class ReplyScanner {
  /** Why the last `scan()` returned: a value of `Stop`. */
  stop: number = Stop.Exhausted;
  /** Frames completed by the last `scan()`, also when it threw. */
  frames = 0;
  /** Offset just past the last frame completed by the last `scan()`; its `from` when there was none. */
  boundary = 0;

  private readonly limits: Readonly<ReplyLimits>;
  private readonly bulkBytesMax: number;
  private readonly lineBytesMax: number;
  private readonly elementsMax: number;
  private readonly machine: ReplyMachine;

  constructor(limits?: Partial<ReplyLimits>) {
    this.limits = limits === undefined ? defaultReplyLimits : { ...defaultReplyLimits, ...limits };
    this.bulkBytesMax = this.limits.bulkBytesMax;
    this.lineBytesMax = this.limits.lineBytesMax;
    this.elementsMax = this.limits.elementsMax;
    this.machine = new ReplyMachine(this.limits);
  }

  /** A frame has begun and not ended. */
  get midFrame(): boolean {
    return this.machine.need !== 0 || this.machine.busy;
  }

  /**
   * Counts plain top-level frames in buf[from, to). Stops after `limit` frames (`Limit`: returns the offset after the last), at the
   * first byte of a special top-level frame `-` `!` `>` `|` (`Special`: returns the offset of that byte, unconsumed), or at `to`
   * (`Exhausted`: returns `to`; call again with the bytes that follow).
   * @throws RespError on malformed or oversized input; `frames` and `boundary` then tell what was complete before it.
   */
  scan(buf: Buffer, from: number, to: number, limit: number): number {
    if (limit > 0) return this.run(buf, from, to, limit, true);
    this.stop = Stop.Limit;
    this.frames = 0;
    this.boundary = from;
    return from;
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
    this.machine.reset();
  }

  /**
   * One round per token, with all state in locals. Complete tokens outside streamed values are counted here; what is cut, rare
   * or wrong is left to the machine, which knows the whole grammar.
   */
  private run(buf: Buffer, from: number, to: number, limit: number, stopAtSpecial: boolean): number {
    const { machine } = this;
    let p = from;
    let frames = 0;
    let boundary = from;
    let need = machine.need;
    let busy = machine.busy;
    let stop: number = Stop.Exhausted;
    while (p < to) {
      const type = buf[p]!;
      let end = -1;
      if (!busy) {
        if (type === DOLLAR) {
          end = bulkEnd(buf, p, to, this.bulkBytesMax);
          if (end === -1) end = nullEnd(buf, p, to);
        } else if (type === PLUS) end = textEnd(buf, p, to, this.lineBytesMax);
        else if (type === COLON) end = integerEnd(buf, p, to, this.lineBytesMax);
        else if (need === 0 && stopAtSpecial && specialTypes[type] !== 0) {
          stop = Stop.Special;
          break;
        } else if (tokenKinds[type] === Aggregate) {
          end = headerEnd(buf, p, to);
          const needed = end === -1 ? 0 : Math.max(need, 1) + declared(type, lengthIn(buf, p + 1, end - 2));
          if (needed > this.elementsMax) end = -1;
          // The header is a value, and counted as one below.
          else if (end !== -1) need = needed + 1;
        } else end = this.otherEnd(buf, p, to);
      }
      if (end === -1) {
        this.frames = frames;
        this.boundary = boundary;
        machine.need = need;
        p = machine.take(buf, p, to);
        need = machine.need;
        busy = machine.busy;
        if (busy) continue;
      } else {
        p = end;
        if (need !== 0) need--;
      }
      if (need === 0) {
        frames++;
        boundary = p;
        if (frames >= limit) {
          stop = Stop.Limit;
          break;
        }
      }
    }
    machine.need = need;
    this.frames = frames;
    this.boundary = boundary;
    this.stop = stop;
    return p;
  }

  /** The less frequent of the complete tokens. */
  private otherEnd(buf: Buffer, p: number, to: number): number {
    const kind = tokenKinds[buf[p]!]!;
    switch (kind) {
      case Kind.Text:
        return longTextEnd(buf, p, to, this.limits.lineBytesMax);
      case Kind.Blob:
        return bulkEnd(buf, p, to, this.limits.bulkBytesMax);
      case Kind.Null:
        return restrictedEnd(buf, p, to, kind, 0, 0);
      case Kind.Bool:
        return restrictedEnd(buf, p, to, kind, 1, 1);
      case Kind.Double:
        return restrictedEnd(buf, p, to, kind, 1, this.limits.lineBytesMax);
      default:
        return -1;
    }
  }
}
