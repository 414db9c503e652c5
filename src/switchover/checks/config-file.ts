import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';

/** Roles are given at run time; without a file to write them to, a restart brings back the old ones: two primaries. */
export const configFile: Check = {
  name: 'config-file',
  what: 'every node has a configuration file, to which its new role can be written (CONFIG REWRITE)',
  worst: 'warning',
  run({ nodes }) {
    const outcomes: Outcome[] = [];
    for (const node of nodes) {
      if (node.configFile !== undefined) continue;
      const remedy =
        'start it with a configuration file, or change its start arguments (--replicaof) right after the switch';
      outcomes.push(warn('a restart would bring back its old role', { node: node.name, measured: 'no file', remedy }));
    }
    return unlessEmpty(outcomes, ok('every node has one', `${nodes.length} files`));
  },
};
