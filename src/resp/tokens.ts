/** One token of a complete, valid frame: a line, a bulk, or the header of an aggregate. */
export interface Token {
  /** The type byte. */
  type: number;
  /** What stands after the type: a line's text, or a bulk's body. Empty for aggregates. */
  start: number;
  end: number;
  /** Declared length of a bulk or aggregate; -1 for the null forms, -2 for streamed ones (`?`). */
  length: number;
  /** Offset of the token after this one. */
  next: number;
}

const BLOBS = '$!=;';
const AGGREGATES = '*~>%|';
const blobTypes = new Set(Buffer.from(BLOBS));
const aggregateTypes = new Set(Buffer.from(AGGREGATES));

/** Reads the token at `at` of a frame that a ReplyScanner has accepted; nothing is checked again. */
export function readToken(buf: Buffer, at: number): Token {
  const type = buf[at]!;
  const lineEnd = buf.indexOf(10, at) - 1;
  const next = lineEnd + 2;
  const blob = blobTypes.has(type);
  if (!blob && !aggregateTypes.has(type)) return { type, start: at + 1, end: lineEnd, length: lineEnd - at - 1, next };
  const text = buf.toString('latin1', at + 1, lineEnd);
  const length = text === '?' ? -2 : Number(text);
  // A streamed string ends with the part `;0`, which has no body.
  if (!blob || length < 0 || (length === 0 && type === 0x3b)) return { type, start: next, end: next, length, next };
  return { type, start: next, end: next + length, length, next: next + length + 2 };
}
