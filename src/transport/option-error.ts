/** An option that cannot be used as given. Its message never contains a password. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code: 'SEGUE_OPTION_URL' | 'SEGUE_OPTION_VALUE';

  constructor(code: OptionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
