import { FENCE_LAG_MAX_S } from '../fence.js';
import type { ListedReplica, ReachedNode, Survey } from '../survey/index.js';
import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

/**
 * A replica that is not told stays with the old primary, as a replica of a replica, and is cut off when that one stops. One
 * that comes and goes during the switch opens its fence, which counts replicas.
 */
export const replicas: Check = {
  name: 'replicas',
  what: 'all other replicas of the old primary are in step, and can be reached, so that they can be pointed to the new one',
  worst: 'refuse',
  run({ from, to, others, survey }) {
    const outcomes: Outcome[] = [];
    for (const listed of from.replicas.filter(({ name }) => !to.names.includes(name))) {
      outcomes.push(...judgeListed(listed, survey, to));
    }
    for (const node of others) {
      if (node.link?.up === true && node.replid === from.replid) continue;
      const measured = node.link?.up ? 'another history' : `link to ${node.link?.primary ?? 'nobody'} down`;
      const remedy = 'wait until it is in step, or detach it (REPLICAOF NO ONE) and stop it';
      outcomes.push(refuse('it is not in step', { node: node.name, measured, remedy }));
    }
    return unlessEmpty(outcomes, ok('all can be reached and are in step', countText(others.length, 'other replica')));
  },
};

function judgeListed(listed: ListedReplica, survey: Survey, to: ReachedNode): Outcome[] {
  const outcomes: Outcome[] = [];
  const { name, state, lagSeconds = 0 } = listed;
  if (state !== 'online' || lagSeconds >= FENCE_LAG_MAX_S) {
    const measured = `${state}, last acknowledgement ${lagSeconds} s ago`;
    const remedy = 'wait until it is back, or end its connection (CLIENT KILL TYPE REPLICA)';
    outcomes.push(refuse('it is attached and not in step', { node: name, measured, remedy }));
  }
  const known = survey.nodes.find((node) => node.names.includes(name));
  if (known?.reachable !== true) {
    const measured = known === undefined ? 'no address for it from here' : known.reason;
    const remedy = `afterwards REPLICAOF ${to.announced ?? to.name} there, or make it reachable (address map) before`;
    outcomes.push(warn('it will not be pointed to the new primary', { node: name, measured, remedy }));
  }
  return outcomes;
}
