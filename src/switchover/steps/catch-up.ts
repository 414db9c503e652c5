import type { SwitchRun } from '../switch-run.js';
import type { Step } from './step.js';

/**
 * Compares both offsets until they are equal. No sleep: one comparison is a round trip, and every client waits for this.
 * The link's state does not count: after a full sync it is up before the stream runs. Nor does an offset that was equal
 * earlier, because a paused primary may still send a PING now and then; so the promotion follows the comparison at once.
 */
export const catchUp: Step = {
  name: 'catch-up',
  phase: 'undoable',
  async run(run) {
    const deadline = run.clock.now() + run.limits.catchUpTimeoutMs;
    for (;;) {
      const behind = await lagOf(run);
      if (behind === undefined) return;
      if (run.clock.now() >= deadline) {
        throw new Error(`${run.to.name} is ${behind} after ${run.limits.catchUpTimeoutMs} ms`);
      }
      run.checkInterrupted();
    }
  },
};

/** In words; undefined when there is none. */
async function lagOf(run: SwitchRun): Promise<string | undefined> {
  const [from, to] = await Promise.all([run.from.role(), run.to.role()]);
  if (from.role !== 'primary') throw new Error(`${run.from.name} is no longer a primary`);
  if (to.role !== 'replica') throw new Error(`${run.to.name} is no longer a replica`);
  if (to.following?.connected !== true) return 'not connected';
  if (to.offset !== from.offset) return `${from.offset - to.offset} bytes behind`;
  run.offset = from.offset;
  return undefined;
}
