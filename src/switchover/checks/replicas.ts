import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';

/** A replica that is not told stays with the old primary, as a replica of a replica, and is cut off when that one stops. */
export const replicas: Check = {
  name: 'replicas',
  what: 'all other replicas of the old primary can be reached and are in step, so that they can be pointed to the new one',
  worst: 'warning',
  run({ from, to, others, survey }) {
    const outcomes: Outcome[] = [];
    for (const listed of from.replicas) {
      const known = survey.nodes.find((node) => node.names.includes(listed.name));
      if (known?.reachable !== false && known !== undefined) continue;
      const why = known?.reachable === false ? known.reason : 'unknown address';
      const remedy = `afterwards REPLICAOF ${to.announced ?? to.name} there, or make it reachable (address map) before`;
      outcomes.push(warn('it will not be pointed to the new primary', { node: listed.name, measured: why, remedy }));
    }
    for (const node of others) {
      if (node.link?.up === true && node.replid === from.replid) continue;
      const measured = node.link?.up ? 'another history' : `link to ${node.link?.primary ?? 'nobody'} down`;
      outcomes.push(warn('it is not in step and will need a full copy', { node: node.name, measured }));
    }
    return unlessEmpty(outcomes, ok('all can be reached and are in step', `${others.length} other replicas`));
  },
};
