export type { AcceptedHandlers, AcceptedLink } from './accepted-link.js';
export { type Address, bareHost, formatAddress, parseAddress, parsePort } from './address.js';
export { type Clock, clock, type Timer, type TimerOptions } from './clock.js';
export { type Faulted, guarded, guardLink } from './guard.js';
export type { Burden } from './landing.js';
export {
  type DialOptions,
  type Link,
  LinkError,
  type LinkErrorCode,
  type LinkHandlers,
  type Transport,
} from './link.js';
export { checkTls, ListenError, type Listening, type ListenOptions, type ListenTls, listen } from './listen.js';
export { type ManualClock, manualClock } from './manual-clock.js';
export {
  type Direction,
  type MemoryConnection,
  type MemoryListener,
  type MemoryTransport,
  type MemoryTransportOptions,
  memoryTransport,
} from './memory-transport.js';
export { netTransport } from './net-transport.js';
export { type NodeUrl, parseNodeUrl, redactUrl } from './node-url.js';
export { OptionError } from './option-error.js';
