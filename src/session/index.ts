export type { UpstreamHandlers } from './approach.js';
export type { ClientDescription } from './identity.js';
export type { Primary, State } from './machine.js';
export { SESSION_DEFAULTS, type SessionOptions } from './options.js';
export type { Upstream } from './outlet.js';
export { ScriptCache } from './script-cache.js';
export { Session, type SessionPorts } from './session.js';
export { type Delivery, WIRE_ERRORS, type WireCode } from './session-error.js';
export type { SessionEvent } from './session-event.js';
