import { insist } from './insist.js';
import type { Step } from './step.js';

/** The other replicas follow the new primary instead of the old one. */
export const rePoint: Step = {
  name: 're-point',
  phase: 'follow-up',
  async run(run) {
    await Promise.all(run.others.map((node) => insist(run, node, [run.followOrder])));
  },
};
