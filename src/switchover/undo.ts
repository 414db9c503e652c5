import { insistAll, messageOf } from './steps/insist.js';
import { rewriteConfig } from './steps/restore.js';
import { SwitchNode } from './switch-node.js';
import type { SwitchRun } from './switch-run.js';

/**
 * Makes everything as it was before the switch; the replica has not been promoted, and cannot be any more. Clients that
 * wait go on as soon as the original values are back. Resolves with what could not be undone.
 */
export async function undo(run: SwitchRun, timeoutMs: number): Promise<string | undefined> {
  try {
    const lowered = run.fence.lowerOrders();
    const orders = [
      ...lowered,
      ['CLIENT', 'UNPAUSE'],
      ...run.sessions.releaseOrders('given-up'),
      // In the pause it would wait itself, and with it all that is behind it.
      ...run.ticket.clearOrders(),
    ];
    const replies = await insistAll(run, run.from, orders, { timeoutMs });
    run.releasedAt = run.clock.now();
    run.witness.end();
    const refusal = replies.slice(0, lowered.length + 1).find(SwitchNode.refused);
    if (refusal !== undefined) return `${run.from.name}: ${refusal.message}`;
    if (run.fence.inFile) await rewriteConfig(run, run.from);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
