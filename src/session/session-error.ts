import { encodeError } from '../resp/index.js';

/** What became of the command that got the error. */
export type Delivery = 'unsent' | 'refused' | 'uncertain';

interface WireError {
  readonly text: string;
  /** Sending the command again cannot run it twice. */
  readonly retryable: boolean;
  readonly delivery: Delivery;
}

/** The errors that a session itself answers with. docs/errors.md is compared with this table. */
export const WIRE_ERRORS = {
  UNCERTAIN: {
    text: 'the connection was lost before the answer came: it is not known whether this command was executed',
    retryable: false,
    delivery: 'uncertain',
  },
  HOLDTIMEOUT: {
    text: 'no primary could be reached in time: this command was not executed',
    retryable: true,
    delivery: 'unsent',
  },
  HOLDLIMIT: {
    text: 'too many commands or bytes wait for an answer: this command was not sent',
    retryable: true,
    delivery: 'unsent',
  },
  REDIRECTLOOP: {
    text: 'the nodes keep sending this command to each other: it was not executed',
    retryable: true,
    delivery: 'refused',
  },
} as const satisfies Record<string, WireError>;

export type WireCode = keyof typeof WIRE_ERRORS;

/** An error reply in RESP2 and RESP3: `-CODE text (detail)`. */
export function wireError(code: WireCode, detail?: string): Buffer {
  const { text } = WIRE_ERRORS[code];
  return encodeError(code, detail === undefined ? text : `${text} (${detail})`);
}

export const EXEC_ABORT = encodeError('EXECABORT', 'Transaction discarded because of previous errors.');
