import type { Step } from './step.js';

export const hold: Step = {
  name: 'hold',
  phase: 'undoable',
  run(run) {
    run.heldAt = run.clock.now();
    return run.sessions.hold(run.from);
  },
};
