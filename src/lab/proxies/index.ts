export { startHaproxy } from './haproxy.js';
export type { LabProxy, ProxyOptions } from './proxy.js';
export { startTwemproxy } from './twemproxy.js';
