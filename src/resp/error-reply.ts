import { ReplyScanner } from './reply-scanner.js';
import { readToken, type Token } from './tokens.js';

/** What an error reply means to a session. This file is the only one that knows the servers' error texts. */
export type ErrorReply =
  /** Not here but there. An empty host (MOVED only) means that the server did not name one. */
  | { kind: 'redirect'; via: 'REDIRECT' | 'MOVED'; host: string; port: number }
  /**
   * Refused as a write on a replica: nothing was written. `script`: the refused write stood in a script (one that catches
   * the error and returns it answers without saying so).
   */
  | { kind: 'readonly'; script: boolean }
  /** A blocked command was thrown out because its node was demoted. */
  | { kind: 'unblocked' }
  /** EXEC ran nothing. `readonly`: for being on a replica. `errors`: queueing had failed. `cause`: the error that EXEC quotes. */
  | { kind: 'exec-abort'; because: 'readonly' | 'errors' | 'other'; cause?: ErrorReply }
  | { kind: PlainKind }
  | { kind: 'other'; code: string };

type PlainKind =
  | 'loading'
  | 'primary-down'
  | 'try-again'
  | 'cluster-down'
  | 'no-replicas'
  | 'wait-on-replica'
  | 'no-script'
  | 'no-auth'
  | 'wrong-pass'
  | 'no-perm'
  | 'no-proto'
  | 'misconf'
  | 'oom';

/** Errors that their first word names completely, alike in Redis 7.0 and Valkey 8.0 to 9.1. */
const plainKinds: ReadonlyMap<string, PlainKind> = new Map([
  ['LOADING', 'loading'],
  ['MASTERDOWN', 'primary-down'],
  ['TRYAGAIN', 'try-again'],
  ['CLUSTERDOWN', 'cluster-down'],
  ['NOREPLICAS', 'no-replicas'],
  ['NOSCRIPT', 'no-script'],
  ['NOAUTH', 'no-auth'],
  ['WRONGPASS', 'wrong-pass'],
  ['NOPERM', 'no-perm'],
  ['NOPROTO', 'no-proto'],
  ['MISCONF', 'misconf'],
  ['OOM', 'oom'],
]);

/** Longer texts are cut before they are read: what matters stands in front. */
const TEXT_BYTES_MAX = 1024;

const MINUS = 0x2d;
const BANG = 0x21;
const PIPE = 0x7c;

/** Classifies a whole `-` or `!` frame; attributes in front of it are skipped. */
export function classifyError(frame: Buffer): ErrorReply {
  const token = readToken(frame, afterAttributes(frame));
  return classifyText(errorText(frame, token));
}

/** Whether a complete frame holds an error of that kind at any depth: EXEC answers an array of replies. */
export function hasNestedError(frame: Buffer, kind: 'readonly'): boolean {
  // Nearly always there is none, and then one search over the bytes is all it costs.
  if (frame.indexOf('READONLY') === -1) return false;
  for (let at = 0; at < frame.length; ) {
    const token = readToken(frame, at);
    if ((token.type === MINUS || token.type === BANG) && classifyText(errorText(frame, token)).kind === kind)
      return true;
    at = token.next;
  }
  return false;
}

function errorText(frame: Buffer, token: Token): string {
  return frame.toString('utf8', token.start, Math.min(token.end, token.start + TEXT_BYTES_MAX));
}

/** Offset of the first token that is not (part of) an attribute. */
function afterAttributes(frame: Buffer): number {
  let at = 0;
  while (frame[at] === PIPE) {
    const { length, next } = readToken(frame, at);
    // What an attribute of N pairs holds ends where an array of 2N elements would.
    const scanner = new ReplyScanner();
    const header = Buffer.from(length < 0 ? '*?\r\n' : `*${2 * length}\r\n`);
    at = scanner.finish(header, 0, header.length) === -1 ? scanner.finish(frame, next, frame.length) : next;
  }
  return at;
}

function classifyText(text: string): ErrorReply {
  const space = text.indexOf(' ');
  const code = space === -1 ? text : text.slice(0, space);
  const rest = space === -1 ? '' : text.slice(space + 1);
  const plain = plainKinds.get(code);
  if (plain !== undefined) return { kind: plain };
  switch (code) {
    case 'REDIRECT':
      return redirect('REDIRECT', rest) ?? { kind: 'other', code };
    case 'MOVED':
      return moved(rest) ?? { kind: 'other', code };
    case 'READONLY':
      // Scripts may make up errors of their own; they must not pass for a refusal.
      if (!rest.startsWith("You can't write against a read only ")) return { kind: 'other', code };
      return { kind: 'readonly', script: rest.includes(' script: ') };
    case 'UNBLOCKED':
      // CLIENT UNBLOCK … ERROR says "client unblocked via CLIENT UNBLOCK": that is an answer for the application.
      return rest.includes('instance state changed') ? { kind: 'unblocked' } : { kind: 'other', code };
    case 'EXECABORT':
      return execAbort(rest);
    case 'ERR':
      return generic(rest);
    default:
      return { kind: 'other', code };
  }
}

function generic(rest: string): ErrorReply {
  if (/^WAIT(AOF)? cannot be used with replica instances/.test(rest)) return { kind: 'wait-on-replica' };
  // Redis before 7.0 wraps what a script's command answered.
  if (rest.startsWith('Error running script') && rest.includes('-READONLY ')) return { kind: 'readonly', script: true };
  return { kind: 'other', code: 'ERR' };
}

function execAbort(rest: string): ErrorReply {
  const quoting = 'Transaction discarded because of: ';
  if (rest.startsWith('Transaction discarded because of previous errors'))
    return { kind: 'exec-abort', because: 'errors' };
  if (!rest.startsWith(quoting)) return { kind: 'exec-abort', because: 'other' };
  const cause = classifyText(rest.slice(quoting.length));
  const demoted = cause.kind === 'readonly' || cause.kind === 'redirect';
  return { kind: 'exec-abort', because: demoted ? 'readonly' : 'other', cause };
}

/** `<slot> host:port`; slot -1 is the proposal for standalone servers. The host may be empty or `?`: not named. */
function moved(rest: string): ErrorReply | undefined {
  const match = /^(-1|\d{1,5}) (.*)$/.exec(rest);
  return match === null ? undefined : redirect('MOVED', match[2]!);
}

/** `host:port`, where the host may be a bare IPv6 address: the last colon counts. */
function redirect(via: 'REDIRECT' | 'MOVED', where: string): ErrorReply | undefined {
  const match = /^([^\s]*):(\d{1,5})$/.exec(where);
  if (match === null) return undefined;
  const named = match[1]!.replace(/^\[(.*)\]$/, '$1');
  const host = named === '?' ? '' : named;
  const port = Number(match[2]);
  if (port < 1 || port > 65535 || (host === '' && via === 'REDIRECT')) return undefined;
  return { kind: 'redirect', via, host, port };
}
