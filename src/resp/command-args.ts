import type { TimeoutSpot } from './command-kinds.js';
import { splitInline } from './inline-command.js';

const STAR = 0x2a;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The arguments of one complete command buf[start, end) that a CommandScanner has accepted, the name first. Views into `buf` for
 * arrays, copies for inline commands (quotes have to be undone).
 */
export function commandArgs(buf: Buffer, start: number, end: number): Buffer[] {
  if (buf[start] !== STAR) return splitInline(buf, start, lineEnd(buf, start, end));
  const args: Buffer[] = [];
  for (let at = afterLine(buf, start); at < end; ) {
    const body = afterLine(buf, at);
    const length = lengthAt(buf, at);
    args.push(buf.subarray(body, body + length));
    at = body + length + 2;
  }
  return args;
}

/**
 * Where the whole element `$n\r\n…\r\n` of argument `index` (0 is the name) stands in a complete command in array form.
 * Both are `end` when there is no such argument.
 */
export function argSpan(buf: Buffer, start: number, end: number, index: number): { start: number; end: number } {
  let at = afterLine(buf, start);
  for (let i = 0; at < end; i++) {
    const next = afterLine(buf, at) + lengthAt(buf, at) + 2;
    if (i === index) return { start: at, end: next };
    at = next;
  }
  return { start: end, end };
}

/**
 * Which of `args` is the timeout that `spot` tells of; undefined when the command has none (XREAD without BLOCK) or too few
 * arguments. BLOCK is an option only in front of STREAMS: behind it stand keys.
 */
export function timeoutIndex(args: readonly Buffer[], spot: TimeoutSpot): number | undefined {
  const index = spotIndex(args, spot.at);
  return index > 0 && index < args.length ? index : undefined;
}

function spotIndex(args: readonly Buffer[], at: TimeoutSpot['at']): number {
  if (at === 'first') return 1;
  if (at === 'last') return args.length - 1;
  if (typeof at === 'number') return at;
  const words = args.map((arg) => (arg.length <= 'streams'.length ? arg.toString('latin1').toUpperCase() : ''));
  // GROUP (XREADGROUP) takes two names, which may be any word.
  const first = words[1] === 'GROUP' ? 4 : 1;
  for (let i = first; i < words.length && words[i] !== 'STREAMS'; i++) {
    if (words[i] === at.after) return i + 1;
    if (words[i] === 'COUNT') i++;
  }
  return 0;
}

function afterLine(buf: Buffer, at: number): number {
  return buf.indexOf(LF, at) + 1;
}

function lengthAt(buf: Buffer, at: number): number {
  let length = 0;
  for (let i = at + 1; buf[i] !== CR; i++) length = length * 10 + (buf[i]! ^ 0x30);
  return length;
}

/** End of the text of an inline command: before LF, or CRLF. */
function lineEnd(buf: Buffer, start: number, end: number): number {
  const text = end > start && buf[end - 1] === LF ? end - 1 : end;
  return text > start && buf[text - 1] === CR ? text - 1 : text;
}
