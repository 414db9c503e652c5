export { NodeKind, type NodeKindOptions } from './node-kind.js';
