export type { SegueOptions } from './doors/options.js';
export type { SegueEvent } from './doors/pair.js';
export { type Delivery, WIRE_ERRORS, type WireCode } from './session/index.js';
export { type NodeView, type PrimaryView, Topology, TopologyError, type TopologyOptions } from './topology/index.js';
export { OptionError } from './transport/index.js';
