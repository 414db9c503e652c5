import { ReplyError } from '../../resp/index.js';
import { SwitchError } from '../switch-error.js';
import type { SwitchRun } from '../switch-run.js';
import { insistAll } from './insist.js';
import type { Step } from './step.js';

/** The old primary follows, and lets those go who waited: commands postponed by the pause are refused only then. */
export const demote: Step = {
  name: 'demote',
  phase: 'decisive',
  async run(run) {
    if (run.pauseLeftMs === 0) await checkUnwritten(run);
    const orders = [run.followOrder, ['CLIENT', 'UNPAUSE']];
    const [demoted, unpaused] = await insistAll(run, run.from, orders, { whenBack: () => checkUnwritten(run) });
    if (demoted instanceof ReplyError) throw new Error(`${run.from.name}: ${demoted.message}`, { cause: demoted });
    if (!(unpaused instanceof ReplyError)) run.releasedAt = run.clock.now();
  },
};

/** A may have been open for writes although B is primary: what it has taken since then would be thrown away. */
async function checkUnwritten(run: SwitchRun): Promise<void> {
  const facts = run.facts.get(run.from);
  const runId = (await run.from.info('server')).get('run_id');
  const isRestarted = facts?.runId !== undefined && runId !== undefined && runId !== facts.runId;
  if (isRestarted ? run.fence.isPersistent : run.fence.isArmed || run.pauseLeftMs > 0) return;
  const { role, offset } = await run.from.role();
  if (role === 'replica' || offset === run.offset) return;
  const why = isRestarted ? 'was restarted without its fence' : 'was open for writes for a while';
  throw new SwitchError('SEGUE_SWITCH_UNKNOWN', `${run.from.name} ${why} after ${run.to.name} had been promoted`);
}
