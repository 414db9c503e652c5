/** Every way in which bytes can fail to be RESP, or be more of it than a limit allows. The same set stands in docs. */
export const respErrorText = {
  SEGUE_RESP_BAD_TYPE: 'a byte stands where a RESP type was expected',
  SEGUE_RESP_BAD_LENGTH: 'a length is not a number ended by CRLF',
  SEGUE_RESP_BAD_LINE: 'a line is malformed or not ended by CRLF',
  SEGUE_RESP_BAD_BULK: 'a bulk body is not ended by CRLF',
  SEGUE_RESP_BAD_STREAM: 'a streamed string or aggregate is malformed',
  SEGUE_RESP_BULK_TOO_LARGE: 'a bulk string is longer than the limit',
  SEGUE_RESP_LINE_TOO_LONG: 'a line is longer than the limit',
  SEGUE_RESP_TOO_DEEP: 'values are nested deeper than the limit',
  SEGUE_RESP_TOO_MANY_ELEMENTS: 'a reply declares more elements than the limit',
  SEGUE_RESP_COMMAND_TOO_LARGE: 'a command is longer than the limit',
  SEGUE_RESP_TOO_MANY_ARGUMENTS: 'a command declares more arguments than the limit',
  SEGUE_RESP_INLINE_TOO_LONG: 'an inline command is longer than the limit',
  SEGUE_RESP_UNBALANCED_QUOTES: 'an inline command has unbalanced quotes',
  SEGUE_RESP_HTTP: 'an HTTP request came where commands were expected',
  SEGUE_RESP_TABLE_FULL: 'no more commands can be learnt',
} as const;

export type RespErrorCode = keyof typeof respErrorText;

/**
 * The only error that the resp layer throws for what came from outside. A scanner that has thrown one stays broken
 * (it throws the same again) until reset(): after malformed bytes nobody knows where the next frame begins.
 */
export class RespError extends Error {
  override readonly name = 'RespError';
  readonly code: RespErrorCode;

  /** `detail` must not carry data of the stream: errors are logged. */
  constructor(code: RespErrorCode, detail?: string) {
    super(detail === undefined ? respErrorText[code] : `${respErrorText[code]} (${detail})`);
    this.code = code;
  }
}
