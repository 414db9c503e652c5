export type OptionErrorCode =
  /** A node's URL cannot be read. */
  | 'SEGUE_OPTION_URL'
  /** A value is of the wrong type or out of bounds. */
  | 'SEGUE_OPTION_VALUE'
  /** No option has this name. */
  | 'SEGUE_OPTION_UNKNOWN'
  /** An option of the client that cannot be combined with Segue. */
  | 'SEGUE_OPTION_CLIENT';

/** An option that cannot be used as given. Its message never contains a password. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code: OptionErrorCode;

  constructor(code: OptionErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
