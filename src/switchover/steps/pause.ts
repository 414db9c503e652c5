import type { SwitchRun } from '../switch-run.js';
import { rolesOf } from './catch-up.js';
import type { Step } from './step.js';

/** In the same breath both nodes are asked how far they are: mostly the replica has all already. */
export const pause: Step = {
  name: 'pause',
  phase: 'undoable',
  async run(run) {
    const paused = pauseWrites(run);
    // The order is that of one connection: what the primary says here, it says when it is paused.
    const roles = rolesOf(run).catch(() => undefined);
    await paused;
    run.rolesInPause = await roles;
  },
};

/** May be repeated: the later end counts. */
export async function pauseWrites(run: SwitchRun): Promise<void> {
  const orderedAt = run.clock.now();
  run.pausedAt ??= orderedAt;
  await run.from.ask('CLIENT', 'PAUSE', run.limits.pauseTimeoutMs, 'WRITE');
  run.pausedUntil = orderedAt + run.limits.pauseTimeoutMs;
}
