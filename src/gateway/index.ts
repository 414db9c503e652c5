export { Gateway, type GatewayIo, type GatewayListener } from './gateway.js';
export { GatewayError, type GatewayErrorCode } from './gateway-error.js';
export type {
  CommonListenerOptions,
  FollowListenerOptions,
  GatewayOptions,
  ListenerOptions,
} from './gateway-options.js';
export { DEFAULT_LIMITS, LIMITS, type Limits } from './limits.js';
export type { CloseReason } from './listener.js';
export type { Log } from './log.js';
export { GUARDED } from './policy.js';
export type { Reloaded } from './reload.js';
