import { ReplyScanner } from './reply-scanner.js';
import { RespError } from './resp-error.js';
import { readToken, type Token } from './tokens.js';

/** An error reply as a value. `message` is the whole text, `code` its first word. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly code: string;

  constructor(text: string) {
    super(text);
    this.code = text.split(' ', 1)[0] ?? '';
  }
}

/** A RESP3 push, which answers no command. */
export interface Push {
  push: Reply[];
}

/** Strings are UTF-8; sets are arrays; attributes are dropped; integers are bigint only where a number would not be exact. */
export type Reply = string | number | bigint | boolean | null | ReplyError | Push | Reply[] | Map<Reply, Reply>;

/** Replies of control conversations are flat; this stops hostile ones before the stack does. */
const DEPTH_MAX = 256;

/**
 * Decodes the frame at `from`. For control conversations, not for data: it builds values, and starts over when called again with
 * more bytes. The value holds no reference to `buf`.
 * @returns undefined while the frame is incomplete.
 * @throws RespError when it is malformed, oversized, or nested too deep.
 */
export function decodeReply(buf: Buffer, from = 0): { value: Reply; end: number } | undefined {
  const end = new ReplyScanner().finish(buf, from, buf.length);
  if (end === -1) return undefined;
  return { value: new Decoder(buf, from).value(0), end };
}

class Decoder {
  private readonly buf: Buffer;
  private at: number;

  constructor(buf: Buffer, at: number) {
    this.buf = buf;
    this.at = at;
  }

  value(depth: number): Reply {
    if (depth > DEPTH_MAX) throw new RespError('SEGUE_RESP_TOO_DEEP');
    const token = this.take();
    switch (String.fromCharCode(token.type)) {
      case ':':
        return integer(this.text(token));
      case '(':
        return BigInt(this.text(token).replace(/^\+/, ''));
      case ',':
        return double(this.text(token));
      case '#':
        return this.text(token) === 't';
      case '_':
        return null;
      case '-':
      case '!':
        return new ReplyError(this.text(token));
      case '=':
        return this.text(token).slice(4);
      case '$':
        return token.length === -1 ? null : token.length === -2 ? this.parts() : this.text(token);
      case '*':
        return token.length === -1 ? null : this.list(token.length, depth);
      case '~':
        return this.list(token.length, depth);
      case '>':
        return { push: this.list(token.length, depth) };
      case '%':
        return this.map(token.length, depth);
      case '|':
        this.map(token.length, depth);
        return this.value(depth + 1);
      default:
        return this.text(token);
    }
  }

  private take(): Token {
    const token = readToken(this.buf, this.at);
    this.at = token.next;
    return token;
  }

  private text(token: Token): string {
    return this.buf.toString('utf8', token.start, token.end);
  }

  private parts(): string {
    const parts: Buffer[] = [];
    for (let part = this.take(); part.length > 0; part = this.take())
      parts.push(this.buf.subarray(part.start, part.end));
    return Buffer.concat(parts).toString('utf8');
  }

  private list(length: number, depth: number): Reply[] {
    const values: Reply[] = [];
    while (this.more(values.length, length)) values.push(this.value(depth + 1));
    return values;
  }

  private map(length: number, depth: number): Map<Reply, Reply> {
    const map = new Map<Reply, Reply>();
    for (let pairs = 0; this.more(pairs, length); pairs++) {
      const key = this.value(depth + 1);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  /** Whether an aggregate that has `taken` elements goes on; takes the end marker of a streamed one. */
  private more(taken: number, length: number): boolean {
    if (length !== -2) return taken < length;
    if (this.buf[this.at] !== 0x2e) return true;
    this.take();
    return false;
  }
}

function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.replace(/^\+/, ''));
}

function double(text: string): number {
  if (text === 'inf' || text === '+inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
