import { SwitchError } from '../switch-error.js';
import { reserveMsOf } from '../switch-limits.js';
import type { SwitchRun } from '../switch-run.js';
import { insistPollMs, messageOf } from './insist.js';
import { pauseWrites } from './pause.js';
import type { Step } from './step.js';

/** From here on there is no way back. Sessions that hold hear of it in the same write. */
export const promote: Step = {
  name: 'promote',
  phase: 'undoable',
  async run(run) {
    if (run.pauseLeftMs < reserveMsOf(run.limits.pauseTimeoutMs)) {
      throw new Error(`the pause of ${run.from.name} might end before the switch does`);
    }
    if (run.lock.isLost) throw new Error('the lock of this switch was lost');
    const trouble = await order(run);
    if (trouble !== undefined) await settlePromotion(run, trouble);
    run.promotedAt ??= run.clock.now();
  },
};

/** Resolves with what was refused or lost. */
async function order(run: SwitchRun): Promise<Error | undefined> {
  try {
    const asked = run.to.askAll(run.ticket.orders(run.sessions.releaseOrders('switched')));
    run.sessions.listenAhead();
    const replies = await asked;
    const promotion = run.ticket.read(replies);
    if (promotion.is === 'refused') return new Error(promotion.reason);
    run.promotedAt = run.clock.now();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/**
 * The answer to the promotion did not come, or was no yes: a refusal of one order says nothing of the others, the role does.
 * Resolves when B has been promoted, rejects with the trouble when it cannot be any more. As long as that is open, A must
 * not be: its pause is prolonged.
 */
async function settlePromotion(run: SwitchRun, trouble: Error): Promise<void> {
  const deadline = run.clock.now() + run.limits.finishTimeoutMs;
  for (;;) {
    try {
      if (run.pauseLeftMs < run.limits.pauseTimeoutMs / 2) await pauseWrites(run).catch(() => run.from.connect());
      await run.to.connect(); // from here on the lost order cannot be executed any more
      if ((await run.to.role()).role === 'primary') {
        await run.to.askAll([...run.ticket.markOrders(), ...run.sessions.releaseOrders('switched')]);
        return;
      }
    } catch (error) {
      if (run.clock.now() < deadline) {
        await run.delay(insistPollMs);
        continue;
      }
      const reason = `${run.to.name} may or may not have been promoted (${trouble.message}), and cannot be asked`;
      throw new SwitchError('SEGUE_SWITCH_UNKNOWN', `${reason}: ${messageOf(error)}`, undefined, error);
    }
    throw trouble;
  }
}
