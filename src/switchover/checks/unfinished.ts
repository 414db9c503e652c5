import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

/** As the fence of a switch sets them; nobody else has both. */
const fenceLagSeconds = '3';
const switchNames = /^segue-switch/;

/** A switch that was killed leaves its fence behind, on purpose: it keeps the old primary from taking writes alone. */
export const unfinished: Check = {
  name: 'unfinished',
  what: 'no other switch is under way, and none has left its fence (min-replicas-to-write raised, min-replicas-max-lag 3)',
  worst: 'refuse',
  run({ from, nodes }) {
    const outcomes: Outcome[] = [];
    for (const { name, addr } of from.clients.filter((client) => switchNames.test(client.name))) {
      const remedy = 'wait for its end';
      outcomes.push(
        refuse('another switch is under way', { node: from.name, measured: `${name} from ${addr}`, remedy }),
      );
    }
    for (const { name, config } of nodes) {
      const needed = Number(config.get('min-replicas-to-write') ?? 0);
      if (needed === 0 || config.get('min-replicas-max-lag') !== fenceLagSeconds) continue;
      const measured = `min-replicas-to-write ${needed}, min-replicas-max-lag ${fenceLagSeconds}`;
      const remedy =
        'segue switch --resume finishes or undoes it; if these values are meant so, change the lag to another';
      outcomes.push(warn('an earlier switch has left its fence here', { node: name, measured, remedy }));
    }
    return unlessEmpty(outcomes, ok('nothing is left of an earlier switch'));
  },
};
