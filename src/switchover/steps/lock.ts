import type { Step } from './step.js';

export const lock: Step = {
  name: 'lock',
  phase: 'untouched',
  run: (run) => run.lock.take(run.nodes),
};
