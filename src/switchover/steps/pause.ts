import type { SwitchRun } from '../switch-run.js';
import type { Step } from './step.js';

export const pause: Step = {
  name: 'pause',
  phase: 'undoable',
  run: pauseWrites,
};

/** May be repeated: the later end counts. */
export async function pauseWrites(run: SwitchRun): Promise<void> {
  const orderedAt = run.clock.now();
  run.pausedAt ??= orderedAt;
  await run.from.ask('CLIENT', 'PAUSE', run.limits.pauseTimeoutMs, 'WRITE');
  run.pausedUntil = orderedAt + run.limits.pauseTimeoutMs;
}
