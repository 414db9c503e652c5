export type ConversationErrorCode =
  /** The connection could not be opened, or ended. What was asked and not answered may have run. */
  | 'SEGUE_CONVERSATION_CLOSED'
  /** A request was not answered in time; the conversation is closed, since its order of replies is lost. */
  | 'SEGUE_CONVERSATION_TIMEOUT'
  /** The server refused our user or password, or asks for one. */
  | 'SEGUE_CONVERSATION_AUTH'
  /** Too many requests wait for an answer; this one was not sent. */
  | 'SEGUE_CONVERSATION_FULL'
  /** The server sent something that is not RESP, or more than a control conversation takes. */
  | 'SEGUE_CONVERSATION_GARBLED';

/** The message begins with the node's address and never holds a password. */
export class ConversationError extends Error {
  override readonly name = 'ConversationError';
  readonly code: ConversationErrorCode;

  constructor(code: ConversationErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
