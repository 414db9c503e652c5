import { classifyError, type ErrorReply } from '../../resp/index.js';
import { EXEC_ABORT, isEarly, isError, isLate, NIL, OK, renamed } from './answers.js';
import type { Nature } from './command.js';
import type { ConnectionState } from './connection-state.js';
import type { Expectation } from './expectations.js';
import type { Role } from './role.js';

/** What the client gets for an answer of the node. */
export type Ruling =
  | { readonly give: 'bytes'; readonly bytes: Buffer }
  | { readonly give: 'nothing' }
  /** The node has refused it as a replica: REDIRECT. `otherwise`: if nobody knows whom it follows. */
  | { readonly give: 'redirect'; readonly otherwise: Buffer }
  /** The node has thrown the client out of its wait, and will hang up: REDIRECT, and a new connection to it. */
  | { readonly give: 'rejoin'; readonly otherwise: Buffer }
  /** REDIRECT if the node is a replica; otherwise this. */
  | { readonly give: 'verdict'; readonly otherwise: Buffer };

export interface SettleContext {
  readonly state: ConnectionState;
  /** Nothing says that the node is no primary any more. */
  readonly primary: boolean;
  readonly strict: boolean;
  /** Ids of the connections that CLIENT LIST is to show as capable. */
  readonly capable: ReadonlySet<string>;
}

type Reply = Extract<Expectation, { as: 'reply' }>;

const NOTHING: Ruling = { give: 'nothing' };
const bytes = (frame: Buffer): Ruling => ({ give: 'bytes', bytes: frame });

/** Takes a whole answer: updates the state of the connection, and says what the client gets. */
export function settle(context: SettleContext, expected: Expectation, frame: Buffer): Ruling {
  const { state } = context;
  switch (expected.as) {
    case 'reply':
      return settleReply(context, expected, frame);
    case 'judged':
      return isError(frame) && isEarly(frame) ? bytes(frame) : { give: 'redirect', otherwise: frame };
    case 'discarded':
      return settleDiscarded(state, expected.saying, frame);
    default:
      return NOTHING;
  }
}

function settleReply(context: SettleContext, { nature, role }: Reply, frame: Buffer): Ruling {
  const { state } = context;
  const failed = isError(frame);
  switch (role.is) {
    case 'multi':
      if (!failed) state.transaction = { queued: [], spoiled: false, poisoned: false };
      return bytes(frame);
    case 'exec':
      return settleExec(context, frame);
    case 'discard':
      if (!failed) state.endTransaction();
      return bytes(frame);
    case 'reset':
      if (!failed) state.reset();
      return bytes(frame);
  }
  const { transaction } = state;
  if (transaction !== undefined) state.queue(transaction, nature, role, frame);
  if (failed) {
    const refused = settleRefusal(context, nature, role, frame);
    if (refused !== undefined) return refused;
  }
  if (transaction !== undefined) return bytes(role.is === 'capa' ? named(frame) : frame);
  if (role.is === 'reply') return settleMode(state, role, frame);
  // It was sent to a primary, which may have been none any more when it read.
  if (nature === 'read' && !failed && !context.primary && state.mustFollow(nature))
    return { give: 'verdict', otherwise: frame };
  return bytes(state.apply(role, role.is === 'capa' ? named(frame) : frame, context.capable));
}

/** CLIENT ID went out for CLIENT CAPA. */
function named(frame: Buffer): Buffer {
  return isError(frame) ? renamed(frame, 'client|id', 'client|capa') : frame;
}

function settleMode(state: ConnectionState, role: Extract<Role, { is: 'reply' }>, frame: Buffer): Ruling {
  if (isError(frame)) return bytes(frame);
  // SKIP means nothing while all answers are off.
  if (role.mode !== 'skip' || state.reply !== 'off') state.reply = role.mode;
  return role.mode === 'on' ? bytes(OK) : NOTHING;
}

/** What a client that follows gets for an error; undefined: the error. */
function settleRefusal(context: SettleContext, nature: Nature, role: Role, frame: Buffer): Ruling | undefined {
  const { state } = context;
  if (!state.follows) return undefined;
  const error = classifyError(frame);
  const redirect: Ruling = { give: 'redirect', otherwise: frame };
  switch (error.kind) {
    case 'readonly':
      return meansCommand(error, nature, role) ? redirect : undefined;
    case 'wait-on-replica':
      return nature === 'stray' ? redirect : undefined;
    case 'unblocked':
      return nature === 'local' ? undefined : { give: 'rejoin', otherwise: frame };
    default:
      return state.mustFollow(nature) && isLate(frame) ? { give: 'verdict', otherwise: frame } : undefined;
  }
}

/**
 * Whether it is the command that was refused, and not a command in a script: that error is the script's answer, with or without
 * saying so. A script whose flags say that it writes is refused as a whole.
 */
function meansCommand(error: Extract<ErrorReply, { kind: 'readonly' }>, nature: Nature, role: Role): boolean {
  if (nature === 'stray') return true;
  if (error.script) return false;
  return role.is === 'script' ? role.headed !== false : nature !== 'local';
}

function settleExec(context: SettleContext, frame: Buffer): Ruling {
  const { state } = context;
  const { transaction } = state;
  if (isError(frame) && isEarly(frame)) return bytes(frame);
  const followed = transaction?.queued.some(({ nature }) => state.mustFollow(nature)) === true;
  const onlyReads = transaction?.queued.every(({ nature }) => nature === 'read') === true;
  state.endTransaction();
  if (isError(frame)) {
    const error = classifyError(frame);
    if (error.kind !== 'exec-abort' || error.because === 'errors' || !state.follows) return bytes(frame);
    // An error behind what was queued weighs more than that it cannot be written here.
    if (transaction?.spoiled === true) return bytes(EXEC_ABORT);
    if (error.because === 'readonly') return { give: 'redirect', otherwise: frame };
    return followed ? { give: 'verdict', otherwise: frame } : bytes(frame);
  }
  if (transaction === undefined || isNil(frame)) return bytes(frame);
  const answer = state.applyAll(transaction, frame, context.capable);
  return followed && onlyReads && !context.primary ? { give: 'verdict', otherwise: answer } : bytes(answer);
}

/** DISCARD went out for EXEC. */
function settleDiscarded(state: ConnectionState, saying: 'abort' | 'redirect' | 'nil', frame: Buffer): Ruling {
  state.endTransaction();
  if (isError(frame)) return bytes(renamed(frame, 'discard', 'exec'));
  switch (saying) {
    case 'abort':
      return bytes(EXEC_ABORT);
    case 'nil':
      return bytes(NIL[state.identity.protocol]);
    case 'redirect':
      return { give: 'redirect', otherwise: EXEC_ABORT };
  }
}

const STAR = 0x2a;
const UNDERSCORE = 0x5f;
const MINUS = 0x2d;

function isNil(frame: Buffer): boolean {
  return frame[0] === UNDERSCORE || (frame[0] === STAR && frame[1] === MINUS);
}
