import { ReplyError } from '../../resp/index.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';
import { insist, insistAll } from './insist.js';
import type { Step } from './step.js';

/** A server that rewrites its configuration file syncs the disk, and serves nobody for some milliseconds. */
const clientsFirstMs = 50;

/**
 * The old primary gets its original values back, and every configuration file learns the new roles: from now on a restart
 * brings nobody back as what it was. Until then it may have, so the fence is lowered for a replica only. The ticket goes
 * last, for until then it may be needed.
 */
export const restore: Step = {
  name: 'restore',
  phase: 'follow-up',
  async run(run) {
    // They are just taking up their work at the new primary.
    await run.delay(clientsFirstMs);
    if ((await run.to.role()).role !== 'primary') throw new Error(`${run.to.name} is no longer a primary`);
    await insist(run, run.from, [run.followOrder]);
    const whenBack = async (): Promise<void> => {
      await run.from.ask(...run.followOrder);
    };
    await insist(run, run.from, run.fence.lowerOrders(), { whenBack });
    await Promise.all(run.nodes.map((node) => rewriteConfig(run, node)));
    // A refusal does no harm: the key expires.
    await insistAll(run, run.to, run.ticket.clearOrders());
  },
};

/** What the server refuses is a note: it works without. */
export async function rewriteConfig(run: SwitchRun, node: SwitchNode): Promise<void> {
  if (run.facts.get(node)?.hasFile !== true) return;
  const [reply] = await insistAll(run, node, [['CONFIG', 'REWRITE']]);
  if (!(reply instanceof ReplyError)) return;
  run.notes.push(`${node.name} would come back in its old role after a restart: ${reply.message}`);
}
