export type { EventSource, SegueDiagnostics } from './doors/diagnostics.js';
export type { SegueOptions } from './doors/options.js';
export { EVENT_TYPES, type SegueEvent, type SegueEventOf, type SegueEventType } from './doors/segue-event.js';
export { type Delivery, WIRE_ERRORS, type WireCode } from './session/index.js';
export { type NodeView, type PrimaryView, Topology, TopologyError, type TopologyOptions } from './topology/index.js';
export { OptionError } from './transport/index.js';
