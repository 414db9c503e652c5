import { classifyError, encodeError } from '../../resp/index.js';
import type { Endpoint } from '../../topology/index.js';

const MINUS = 0x2d;
const BANG = 0x21;

export const OK = Buffer.from('+OK\r\n');
export const QUEUED = Buffer.from('+QUEUED\r\n');
export const EXEC_ABORT = encodeError('EXECABORT', 'Transaction discarded because of previous errors.');
export const NIL = { 2: Buffer.from('*-1\r\n'), 3: Buffer.from('_\r\n') } as const;

export type RedirectForm = 'redirect' | 'moved';

/** `-REDIRECT host:port`, or `-MOVED -1 host:port`: an IPv6 host stands without brackets in both. */
export function redirectTo({ host, port }: Endpoint, form: RedirectForm): Buffer {
  return form === 'moved' ? encodeError('MOVED', `-1 ${host}:${port}`) : encodeError('REDIRECT', `${host}:${port}`);
}

export function isError(frame: Buffer): boolean {
  return frame[0] === MINUS || frame[0] === BANG;
}

/**
 * Whether the server says this before it looks at its role: no such command, wrong number of arguments, not logged in, not
 * allowed. These win over REDIRECT; all others (LOADING, MASTERDOWN, OOM, …) come after it.
 */
export function isEarly(frame: Buffer): boolean {
  const { kind } = classifyError(frame);
  if (kind === 'no-auth' || kind === 'no-perm') return true;
  return /^[-!](?:\d+\r\n)?ERR (unknown (sub)?command|wrong number of arguments for|.* not allowed inside a transaction)/i.test(
    frame.toString('latin1', 0, 200),
  );
}

/** An error that says that the node cannot serve at this time, or not write. Only on a replica does REDIRECT win over it. */
export function isLate(frame: Buffer): boolean {
  switch (classifyError(frame).kind) {
    case 'loading':
    case 'primary-down':
    case 'oom':
    case 'misconf':
    case 'no-replicas':
      return true;
    default:
      return frame.toString('latin1', 1, 6) === 'BUSY ';
  }
}

/** What Redis answers to READONLY and READWRITE, once it has accepted the command. */
export function isNoCluster(frame: Buffer): boolean {
  return frame.toString('latin1', 0, 64).startsWith('-ERR This instance has cluster support disabled');
}

/** An error that names one command, made to name another. */
export function renamed(frame: Buffer, from: string, to: string): Buffer {
  return Buffer.from(frame.toString('latin1').replaceAll(`'${from}'`, `'${to}'`), 'latin1');
}

export function wrongArity(name: string): Buffer {
  return encodeError('ERR', `wrong number of arguments for '${name}' command`);
}
