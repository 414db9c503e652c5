import { ConversationError } from '../../topology/index.js';
import type { LinkErrorCode } from '../../transport/index.js';

/** Why a node could not be asked. */
export type UnreachableWhy =
  /** Nobody listens there, or no such host. */
  | 'refused'
  | 'timeout'
  /** The user or the password is wrong or missing, or this user may not ask INFO. */
  | 'login'
  /** TLS at one end only, or a certificate that is not accepted. */
  | 'tls'
  /** The server hung up: full, in protected mode, or it wants TLS. */
  | 'closed'
  /** Something answers that is no server of a pair. */
  | 'foreign';

export interface Unreachable {
  readonly why: UnreachableWhy;
  /** For people; begins with the node's address where it was dialled. */
  readonly reason: string;
}

const tlsText = /\b(ssl|tls|certificate|EPROTO|self.signed|wrong version number|altname|unable to verify)\b/i;

/** Tells why from the failure of a conversation. `usesTls`: whether it was tried with TLS. */
export function unreachableBy(error: unknown, usesTls: boolean): Unreachable {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ConversationError)) return { why: 'login', reason };
  switch (error.code) {
    case 'SEGUE_CONVERSATION_AUTH':
      return { why: 'login', reason };
    case 'SEGUE_CONVERSATION_TIMEOUT':
      return { why: 'timeout', reason };
    case 'SEGUE_CONVERSATION_GARBLED':
      return { why: 'foreign', reason };
    default:
      return byLink(error, reason, usesTls);
  }
}

function byLink(error: ConversationError, reason: string, usesTls: boolean): Unreachable {
  const link = error.cause as { code?: LinkErrorCode; cause?: { code?: string } } | undefined;
  const system = `${link?.cause?.code ?? ''} ${reason}`;
  if (usesTls && tlsText.test(system)) return { why: 'tls', reason };
  if (link?.code === 'SEGUE_LINK_TIMEOUT') {
    // A plain port takes the greeting of TLS for a command that has not ended.
    return { why: 'timeout', reason: usesTls ? `${reason} (does this port speak plain text?)` : reason };
  }
  if (link?.code === 'SEGUE_LINK_DIAL') return { why: 'refused', reason };
  // A TLS port hangs up on plain text without a word.
  if (!usesTls && /the connection was closed|connection lost/.test(reason)) {
    return { why: 'closed', reason: `${reason} (does this port want TLS? then use valkeys://)` };
  }
  return { why: 'closed', reason };
}
