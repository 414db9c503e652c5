export type TopologyErrorCode =
  /** No node could be found that is primary; the message says for each node why not. */
  | 'SEGUE_TOPOLOGY_NO_PRIMARY'
  /** Every node refused our user or password. */
  | 'SEGUE_TOPOLOGY_AUTH'
  /** release() was called. */
  | 'SEGUE_TOPOLOGY_RELEASED';

/** Never holds a password. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
  readonly code: TopologyErrorCode;

  constructor(code: TopologyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
