import { classifyError, type ErrorReply, hasNestedError } from '../resp/index.js';
import { Mark } from './mark.js';

/** "Not executed, and not for a fault of the command": the cut. */
export interface Refusal {
  /** The error's kind, for events. */
  readonly by: string;
  /** The node says that it is not the primary (the others say: not now). */
  readonly bounce: boolean;
  /** Where it says that the primary is. */
  readonly hint: { host: string; port: number } | undefined;
  /** The node need not be the primary, whatever it says of itself. */
  readonly doubtful: boolean;
  /** The node closes the connection behind this answer and executes nothing more of it. */
  readonly closing: boolean;
}

const DASH = 0x2d;
const BANG = 0x21;
const STAR = 0x2a;
const UNDERSCORE = 0x5f;
const LINE_BYTES = 200;

export function isError(frame: Buffer): boolean {
  return isErrorAt(frame, 0);
}

/** Whether the value at `at` is an error. */
export function isErrorAt(frame: Buffer, at: number): boolean {
  const type = frame[at];
  return type === DASH || type === BANG;
}

/** An error as people read it. Servers repeat the arguments of a command that they do not know: a password, perhaps. */
export function errorLine(frame: Buffer): string {
  const line = frame.toString('utf8', 1, Math.min(frame.length, LINE_BYTES)).trim();
  return line.replace(/,? with args beginning with:.*/s, '');
}

/** The nil with which EXEC says that a watched key was changed, in RESP2 and RESP3. */
export function isNil(frame: Buffer): boolean {
  return frame[0] === UNDERSCORE || (frame[0] === STAR && frame[1] === DASH);
}

/** Whether this answer to a command with these marks refuses it. `undefined`: it is the command's own answer. */
export function refusalOf(frame: Buffer, marks: number): Refusal | undefined {
  if (isError(frame)) return refusalOfError(classifyError(frame));
  // A script that runs on a demoted node, or EXEC of one, carries the refusal inside an aggregate. Its first write
  // failed, so nothing was written.
  if ((marks & Mark.Inspect) !== 0 && hasNestedError(frame, 'readonly')) return refusal('readonly', true);
  return undefined;
}

function refusalOfError(error: ErrorReply): Refusal | undefined {
  switch (error.kind) {
    case 'redirect':
      return { ...refusal('redirect', true), hint: { host: error.host, port: error.port } };
    case 'readonly':
    case 'primary-down':
    case 'wait-on-replica':
      return refusal(error.kind, true);
    case 'unblocked':
      return { ...refusal('unblocked', true), closing: true };
    case 'exec-abort':
      return error.cause === undefined ? undefined : refusalOfError(error.cause);
    case 'loading':
    case 'try-again':
    case 'cluster-down':
      return refusal(error.kind, false);
    case 'no-replicas':
      // Only a primary looks for its replicas.
      return { ...refusal(error.kind, false), doubtful: false };
    default:
      return undefined;
  }
}

/** Errors that are no refusal of a primary, but prove that a command after the cut was not executed. */
export function provesNotRun(frame: Buffer): boolean {
  if (!isError(frame)) return false;
  const { kind } = classifyError(frame);
  return kind === 'oom' || kind === 'misconf' || kind === 'no-script';
}

function refusal(by: string, bounce: boolean): Refusal {
  return { by, bounce, hint: undefined, doubtful: true, closing: false };
}
