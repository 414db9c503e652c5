import type { Step } from './step.js';

export const prepare: Step = {
  name: 'prepare',
  phase: 'untouched',
  run: (run) => run.sessions.prepare(run.from, run.to),
};
