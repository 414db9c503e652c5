/**
 * The scanner's fast path: ends of tokens that are complete in the buffer and right in every byte. All take the offset of the
 * type byte and return the offset just past the token, or -1 when the token is cut, rare or wrong: then the machine looks at it.
 *
 * Small functions with constants of their own, because V8 inlines them and folds these; it does neither for properties
 * of an imported object, which costs half the speed.
 */
import { lineBytes } from './reply-types.js';

const LF = 10;
const CR = 13;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ZERO = 0x30;
const ONE = 0x31;

/** Longer numbers than a length ever has are left to the machine. */
const DIGITS_MAX = 10;
/** From here on `indexOf` beats a loop over bytes. */
const SHORT_LINE = 24;

/** `$n` (or another blob), its body and CRLF. */
export function bulkEnd(buf: Buffer, at: number, to: number, bytesMax: number): number {
  let p = at + 1;
  let length = 0;
  for (; p < to; p++) {
    const digit = buf[p]! ^ ZERO;
    if (digit > 9) break;
    length = length * 10 + digit;
  }
  const end = p + length + 4;
  const inside = end <= to && p > at + 1 && p <= at + 1 + DIGITS_MAX && length <= bytesMax;
  // No server pads a length, nor takes a padded one.
  return inside &&
    (buf[at + 1] !== ZERO || p === at + 2) &&
    buf[p] === CR &&
    buf[p + 1] === LF &&
    buf[end - 2] === CR &&
    buf[end - 1] === LF
    ? end
    : -1;
}

/** `$-1` or `*-1` */
export function nullEnd(buf: Buffer, at: number, to: number): number {
  const end = at + 5;
  if (end > to || buf[at + 1] !== MINUS || buf[at + 2] !== ONE) return -1;
  return buf[at + 3] === CR && buf[at + 4] === LF ? end : -1;
}

/** The header of an aggregate; `lengthIn()` tells its length. */
export function headerEnd(buf: Buffer, at: number, to: number): number {
  let p = at + 1;
  while (p < to && (buf[p]! ^ ZERO) <= 9) p++;
  if (p === at + 1 || p > at + 1 + DIGITS_MAX || p + 1 >= to || (buf[at + 1] === ZERO && p > at + 2)) return -1;
  return buf[p] === CR && buf[p + 1] === LF ? p + 2 : -1;
}

/** The number whose digits stand in buf[start, end). */
export function lengthIn(buf: Buffer, start: number, end: number): number {
  let length = 0;
  for (let p = start; p < end; p++) length = length * 10 + (buf[p]! ^ ZERO);
  return length;
}

/** A short simple string. */
export function textEnd(buf: Buffer, at: number, to: number, bytesMax: number): number {
  const short = Math.min(to, at + SHORT_LINE);
  let p = at + 1;
  while (p < short && buf[p] !== LF) p++;
  if (p === short) return p < to ? longTextEnd(buf, at, to, bytesMax) : -1;
  return buf[p - 1] === CR && p - at - 2 <= bytesMax ? p + 1 : -1;
}

/** A simple string or error of any length. */
export function longTextEnd(buf: Buffer, at: number, to: number, bytesMax: number): number {
  const p = buf.indexOf(LF, at);
  if (p === -1 || p >= to) return -1;
  return buf[p - 1] === CR && p - at - 2 <= bytesMax ? p + 1 : -1;
}

export function integerEnd(buf: Buffer, at: number, to: number, bytesMax: number): number {
  let p = at + 1;
  if (p < to && (buf[p] === MINUS || buf[p] === PLUS)) p++;
  const first = p;
  while (p < to && (buf[p]! ^ ZERO) <= 9) p++;
  if (p === first || p + 1 >= to || p - at - 1 > bytesMax) return -1;
  return buf[p] === CR && buf[p + 1] === LF ? p + 2 : -1;
}

/** `_`, or a line of `least` to `most` bytes of that kind (see `lineBytes`). */
export function restrictedEnd(buf: Buffer, at: number, to: number, kind: number, least: number, most: number): number {
  let p = at + 1;
  while (p < to && (lineBytes[buf[p]!]! & kind) !== 0) p++;
  const count = p - at - 1;
  if (count < least || count > most || p + 1 >= to) return -1;
  return buf[p] === CR && buf[p + 1] === LF ? p + 2 : -1;
}
