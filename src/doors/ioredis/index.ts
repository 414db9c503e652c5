export type { SegueOptions } from '../options.js';
export type { SegueEvent } from '../pair.js';
export { type ConnectorClass, segueConnector } from './connector.js';
