export type GatewayErrorCode =
  /** The configuration cannot be used. */
  | 'SEGUE_GATEWAY_CONFIG'
  /** The admin endpoint would be open to others than this machine, and nothing guards it. */
  | 'SEGUE_GATEWAY_ADMIN_OPEN';

/** Why a gateway does not start, or does not take a new configuration. Never holds a secret. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
