import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty } from './finding.js';

/** A writable replica takes writes that nobody else sees: demoted, the old primary would be a second one for plain clients. */
export const readOnly: Check = {
  name: 'read-only',
  what: 'replicas refuse writes (replica-read-only), the old primary, too, once it is one',
  worst: 'refuse',
  needs: ['config'],
  run({ from, nodes }) {
    const outcomes: Outcome[] = [];
    for (const node of nodes.filter(({ config }) => config.get('replica-read-only') === 'no')) {
      const details = { node: node.name, measured: 'replica-read-only no' };
      const remedy = 'CONFIG SET replica-read-only yes, and CONFIG REWRITE';
      if (node === from) outcomes.push(refuse('it would go on taking writes after the switch', { ...details, remedy }));
      else {
        const check = `${remedy}; see that nobody has written there`;
        outcomes.push(refuse('it takes writes of its own: its data may differ', { ...details, remedy: check }));
      }
    }
    return unlessEmpty(outcomes, ok('replicas refuse writes'));
  },
};
