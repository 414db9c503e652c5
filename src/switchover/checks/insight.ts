import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';

/** Checks see only what the survey has; where it has less, they say ok about less. */
export const insight: Check = {
  name: 'insight',
  what: 'every node answers all questions of the survey, so that the other checks know what they speak of',
  worst: 'warning',
  run({ nodes }) {
    const outcomes: Outcome[] = [];
    for (const node of nodes) {
      for (const [question, reason] of node.withheld) {
        const remedy = 'allow our user this command for the time of the check';
        outcomes.push(warn(`it does not tell its ${question}`, { node: node.name, measured: reason, remedy }));
      }
    }
    return unlessEmpty(outcomes, ok('every node tells everything', `${nodes.length} nodes`));
  },
};
