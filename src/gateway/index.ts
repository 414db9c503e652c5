export { Admin, type AdminOptions } from './admin/index.js';
export { Gateway, type GatewayIo, type GatewayObserver } from './gateway.js';
export { GatewayError, type GatewayErrorCode } from './gateway-error.js';
export type { GatewayListener } from './gateway-listener.js';
export {
  type CommonListenerOptions,
  type FollowListenerOptions,
  type GatewayOptions,
  type ListenerOptions,
  listenAddress,
  type NodeListenerOptions,
} from './gateway-options.js';
export { DEFAULT_LIMITS, LIMITS, type Limits } from './limits.js';
export type { CloseReason } from './listener.js';
export type { Log } from './log.js';
export { Metrics } from './metrics.js';
export { GUARDED } from './policy.js';
export type { Reloaded } from './reload.js';
export { type GatewayStatus, type ListenerStatus, type NodeStatus, statusOf } from './status.js';
