import { insist } from './insist.js';
import type { Step } from './step.js';

/** Nobody waits any more; mostly the demotion has seen to that. */
export const release: Step = {
  name: 'release',
  phase: 'follow-up',
  async run(run) {
    if (run.releasedAt !== undefined) return;
    await insist(run, run.from, [['CLIENT', 'UNPAUSE']]);
    run.releasedAt = run.clock.now();
  },
};
