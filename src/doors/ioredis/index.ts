export type { SegueOptions } from '../options.js';
export type { SegueEvent } from '../segue-event.js';
export { type ConnectorClass, segueConnector } from './connector.js';
