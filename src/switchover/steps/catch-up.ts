import type { Roles, SwitchRun } from '../switch-run.js';
import type { Step } from './step.js';

/** Older answers say nothing of now: somebody may have been stopped, or come back, in between. */
const freshMs = 5;

/**
 * Compares both offsets until they are equal; first those that were asked for along with the pause. No sleep: one comparison
 * is a round trip, and every client waits for this. The link's state does not count: after a full sync it is up before the
 * stream runs. Nor does an offset that was equal earlier, because a paused primary may still send a PING now and then; so
 * the promotion follows the comparison at once.
 */
export const catchUp: Step = {
  name: 'catch-up',
  phase: 'undoable',
  async run(run) {
    const deadline = run.clock.now() + run.limits.catchUpTimeoutMs;
    const asked = run.rolesInPause;
    const fresh = asked !== undefined && run.clock.now() - asked.at <= freshMs ? asked : undefined;
    for (let roles = fresh ?? (await rolesOf(run)); ; roles = await rolesOf(run)) {
      const behind = lagIn(roles, run);
      if (behind === undefined) {
        run.offset = roles.from.offset;
        return;
      }
      if (run.clock.now() >= deadline) {
        throw new Error(`${run.to.name} is ${behind} after ${run.limits.catchUpTimeoutMs} ms`);
      }
      run.checkInterrupted();
    }
  },
};

/** Asks both at the same time. */
export async function rolesOf(run: SwitchRun): Promise<Roles> {
  const [from, to] = await Promise.all([run.from.role(), run.to.role()]);
  return { from, to, at: run.clock.now() };
}

/** In words; undefined when there is none. */
function lagIn({ from, to }: Roles, run: SwitchRun): string | undefined {
  if (from.role !== 'primary') throw new Error(`${run.from.name} is no longer a primary`);
  if (to.role !== 'replica') throw new Error(`${run.to.name} is no longer a replica`);
  if (to.following?.connected !== true) return 'not connected';
  return to.offset === from.offset ? undefined : `${from.offset - to.offset} bytes behind`;
}
