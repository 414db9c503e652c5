import type { Check } from './check.js';
import { ok, refuse } from './finding.js';

export const mode: Check = {
  name: 'mode',
  what: 'no node is in cluster mode, where CLUSTER FAILOVER does what a switch does',
  worst: 'refuse',
  run({ nodes }) {
    const odd = nodes.filter((node) => node.mode !== 'standalone');
    if (odd.length === 0) return [ok('all nodes are standalone')];
    const remedy = 'use CLUSTER FAILOVER at the replica';
    return odd.map((node) => refuse(`it is in ${node.mode} mode`, { node: node.name, remedy }));
  },
};
