import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';
import { sizeText } from './units.js';

/** No switch needs a full copy; but if one should come to it, these settings make it dangerous. */
export const fullCopy: Check = {
  name: 'full-copy',
  what: 'settings of full copies do no harm if one is needed (dual channel between versions, repl-diskless-load swapdb)',
  worst: 'warning',
  needs: ['config'],
  run({ from, to, followers }) {
    const outcomes: Outcome[] = [];
    if (followers.some((node) => node.version !== to.version)) {
      for (const node of [from, to].filter(hasDualChannel)) {
        const remedy = 'CONFIG SET dual-channel-replication-enabled no while the versions differ';
        const reason = 'over two channels the follower does not say its version: a copy may come in the wrong format';
        outcomes.push(warn(reason, { node: node.name, measured: 'dual-channel-replication-enabled yes', remedy }));
      }
    }
    for (const node of followers.filter(({ config }) => config.get('repl-diskless-load') === 'swapdb')) {
      const measured = `repl-diskless-load swapdb, ${sizeText(node.memory.usedBytes)} in use`;
      const remedy = 'see that twice the data fit into its memory';
      outcomes.push(warn('a full copy keeps the old data beside the new', { node: node.name, measured, remedy }));
    }
    return unlessEmpty(outcomes, ok('nothing to watch out for'));
  },
};

function hasDualChannel({ config }: ReachedNode): boolean {
  return config.get('dual-channel-replication-enabled') === 'yes';
}
