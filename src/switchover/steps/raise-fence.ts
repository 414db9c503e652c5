import { FENCE_ARMS_WITHIN_MS } from '../fence.js';
import { reserveMsOf } from '../switch-limits.js';
import type { SwitchRun } from '../switch-run.js';
import { messageOf } from './insist.js';
import type { Step } from './step.js';

const pollMs = 2;

/** All that protects the pair against our own end: the fence, its witness, and the ticket. */
export const raiseFence: Step = {
  name: 'fence',
  phase: 'undoable',
  async run(run) {
    await run.fence.raise(run.from);
    // The pause begins after this, and lasts its whole time: it outlives witness and ticket by the reserve at least.
    const validMs = run.limits.pauseTimeoutMs - reserveMsOf(run.limits.pauseTimeoutMs);
    if (run.fence.isArmed && run.options.method !== 'failover') await callWitness(run, validMs);
    const deadline = run.clock.now() + run.limits.catchUpTimeoutMs;
    await run.ticket.arm(run.from, run.to, validMs, async () => {
      if (run.clock.now() >= deadline) {
        throw new Error(`${run.to.name} does not get what ${run.from.name} writes`);
      }
      await run.delay(pollMs);
    });
  },
};

/** A witness that falls silent counts for a while: only a pause that lasts longer may have one. */
async function callWitness(run: SwitchRun, validMs: number): Promise<void> {
  if (reserveMsOf(run.limits.pauseTimeoutMs) < FENCE_ARMS_WITHIN_MS) {
    run.notes.push(`clients may see NOREPLICAS for a moment: the pause of ${run.limits.pauseTimeoutMs} ms is short`);
    return;
  }
  const { offset } = await run.from.role();
  const { replid, listedAs } = run.facts.get(run.from)!;
  const { host, port } = listedAs ?? run.to;
  try {
    await run.witness.attend({ replid, offset, host, port }, validMs, run.limits.nodeTimeoutMs);
  } catch (error) {
    run.witness.end();
    run.notes.push(`clients may see NOREPLICAS for a moment: ${run.from.name} takes no witness: ${messageOf(error)}`);
  }
}
