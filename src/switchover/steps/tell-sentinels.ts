import { tellSentinels as tellAll } from '../sentinel/index.js';
import type { SwitchRun } from '../switch-run.js';
import { messageOf } from './insist.js';
import type { Step } from './step.js';

/**
 * Sentinels that are not told within seconds of the promotion take it for a fault and undo it. Who cannot be told is in the
 * report: the switch itself has come true.
 */
export const tellSentinels: Step = {
  name: 'sentinels',
  phase: 'follow-up',
  async run(run: SwitchRun) {
    if (run.sentinelOrders.length === 0) return;
    try {
      run.sentinels = await tellAll(run.sentinelOrders, run.pairAccess, run.io);
    } catch (error) {
      run.notes.push(`the Sentinels were not told: ${messageOf(error)}`);
    }
  },
};
