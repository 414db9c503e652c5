import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';

/** A child process copies memory pages and competes for CPU and disk, just when everything should be quick. */
export const forks: Check = {
  name: 'forks',
  what: 'no BGSAVE, AOF rewrite or copy for a replica is under way at either node',
  worst: 'warning',
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    for (const { name, persistence, replicas } of [from, to]) {
      const busy = replicas.filter(({ state }) => state !== 'online').map((replica) => `a copy for ${replica.name}`);
      if (persistence.bgsaveRunning && busy.length === 0) busy.push('BGSAVE');
      if (persistence.aofRewriteRunning) busy.push('an AOF rewrite');
      for (const work of busy)
        outcomes.push(warn(`${work} is under way`, { node: name, remedy: 'wait until it is done' }));
    }
    return unlessEmpty(outcomes, ok('neither node is saving'));
  },
};
