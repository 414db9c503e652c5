import { encodeCommand } from '../../resp/index.js';
import type { Command } from './command.js';
import type { ConnectionState, Transaction } from './connection-state.js';
import type { Verdict } from './node-watch.js';
import type { Role } from './role.js';
import type { Standing } from './standing.js';

/** What to do with the next command of a client. */
export type Decision =
  /** Nothing yet: until all that was sent is answered, or until the node has said what it is. */
  | { readonly do: 'wait'; readonly for: 'answers' | 'verdict' }
  /** Send it, or `instead`, which the node treats alike. */
  | { readonly do: 'forward'; readonly instead?: Buffer }
  /** Have the node check it between MULTI and DISCARD, so that it is not executed: its own error wins over REDIRECT. */
  | { readonly do: 'wrap' }
  /** The same within the client's own transaction, or where MULTI would end a WATCH: sent, and its result not passed on. */
  | { readonly do: 'judge' }
  /** REDIRECT without asking the node. */
  | { readonly do: 'answer' }
  /** Send DISCARD for this EXEC. */
  | { readonly do: 'discard'; readonly saying: 'abort' | 'redirect' | 'nil' }
  /** The same, after a look whether a watched key was changed: then the answer is nil, otherwise REDIRECT. */
  | { readonly do: 'inspect' };

/** What is known of the node when a command's turn comes. */
export interface Outlook {
  readonly standing: Standing;
  /** What the node has said after the command had come; undefined: not asked yet. */
  readonly verdict: Verdict | undefined;
  /** No answer is owed by the node: the state of the connection is exact. */
  readonly idle: boolean;
}

const FORWARD: Decision = { do: 'forward' };

/** The rules. As long as the node is its pair's primary, everything passes. */
export function decide(state: ConnectionState, command: Command, role: Role, outlook: Outlook): Decision {
  if (!state.follows || outlook.standing.role === 'primary') return forward(role, command);
  const { transaction } = state;
  const exec = role.is === 'exec' && command.args.length === 1;
  const refusable = exec || state.mustFollow(command.nature);
  if (!refusable && role.is === 'plain') return FORWARD;
  if (!outlook.idle) return { do: 'wait', for: 'answers' };
  if (exec) return transaction === undefined ? FORWARD : decideExec(state, transaction, outlook);
  if (!refusable) return forward(role, command);
  return byVerdict(outlook, (readOnly, silent) => {
    if (silent) return { do: 'answer' };
    // The node itself refuses it, after all its other checks.
    if (command.nature === 'write' && readOnly) return FORWARD;
    if (transaction !== undefined) return { do: 'judge' };
    if (state.watching) return command.nature === 'read' ? { do: 'judge' } : { do: 'answer' };
    return state.refusesMulti ? { do: 'answer' } : { do: 'wrap' };
  });
}

function decideExec(state: ConnectionState, transaction: Transaction, outlook: Outlook): Decision {
  if (state.blind) return { do: 'discard', saying: 'nil' };
  if (transaction.poisoned) return { do: 'discard', saying: 'abort' };
  const { queued, spoiled } = transaction;
  if (spoiled || !queued.some(({ nature }) => state.mustFollow(nature))) return FORWARD;
  return byVerdict(outlook, (readOnly) => {
    if (state.watching) return { do: 'inspect' };
    if (readOnly && queued.some(({ nature }) => nature === 'write')) return FORWARD;
    return { do: 'discard', saying: 'redirect' };
  });
}

/** What is done on a replica; anything else is the node's business. */
function byVerdict({ verdict }: Outlook, onReplica: (readOnly: boolean, silent: boolean) => Decision): Decision {
  if (verdict === undefined) return { do: 'wait', for: 'verdict' };
  const { standing, silent } = verdict;
  switch (standing.role) {
    case 'replica':
      return onReplica(standing.readOnly, silent);
    case 'failing-over':
      return onReplica(true, true);
    default:
      return FORWARD;
  }
}

/** CLIENT CAPA is unknown to older servers, and CLIENT REPLY would leave refusals unseen: others go in their place. */
function forward(role: Role, command: Command): Decision {
  if (role.is === 'capa') return { do: 'forward', instead: command.args.length > 2 ? CLIENT_ID : CLIENT_ID_WRONG };
  if (role.is === 'reply') return { do: 'forward', instead: CLIENT_REPLY_ON };
  return FORWARD;
}

const CLIENT_ID = encodeCommand(['CLIENT', 'ID']);
const CLIENT_ID_WRONG = encodeCommand(['CLIENT', 'ID', 'x']);
const CLIENT_REPLY_ON = encodeCommand(['CLIENT', 'REPLY', 'ON']);
