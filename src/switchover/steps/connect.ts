import type { Step } from './step.js';

export const connect: Step = {
  name: 'connect',
  phase: 'untouched',
  async run(run) {
    await Promise.all(run.nodes.map((node) => node.connect()));
  },
};
