/** What can go wrong in the lab. `code` is for programs, the message is for people and says what to do. */
export type LabErrorCode =
  | 'SEGUE_LAB_NO_SERVER' // no server of the wanted version here, and none can be got
  | 'SEGUE_LAB_FETCH_FAILED' // the packages could not be downloaded, verified or unpacked
  | 'SEGUE_LAB_START_FAILED' // a server was started and did not come up
  | 'SEGUE_LAB_TEMP_DIR' // no temporary folder can be made
  | 'SEGUE_LAB_TIMEOUT' // a condition was not met before its deadline
  | 'SEGUE_LAB_CONNECTION' // the control connection to a server failed
  | 'SEGUE_LAB_OPTIONS'; // a caller's mistake

export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
  }
}
