import type { Reply } from '../../resp/index.js';
import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import type { Examination } from './examination.js';
import { ok, refuse } from './finding.js';

const patienceMs = 2_000;
const pauseMs = 10;

/**
 * After a full sync a replica is "up" and "online" before the stream runs, for up to a second: promoted then, it would lack
 * everything since the copy. So the primary's offset is taken, and the replica asked until it has reached it.
 */
export const offsets: Check = {
  name: 'offsets',
  what: 'the new primary really reaches the offset that the old one had a moment ago, as both are asked',
  worst: 'refuse',
  async run(facts) {
    const { from, to, clock } = facts;
    const target = await offsetOf(facts, from);
    const since = clock.now();
    for (;;) {
      const offset = await offsetOf(facts, to);
      const tookMs = Math.round(clock.now() - since);
      if (offset >= target) return [ok(`${to.name} has what ${from.name} had`, `offset ${target} within ${tookMs} ms`)];
      if (tookMs >= patienceMs) {
        const measured = `${target - offset} bytes missing after ${tookMs} ms`;
        const remedy = 'the stream does not run although the link may be up; wait, and look into its log';
        return [refuse('it does not reach the offset of its primary', { node: to.name, measured, remedy })];
      }
      await new Promise<void>((resolve) => {
        clock.setTimer(pauseMs, resolve);
      });
    }
  },
};

async function offsetOf(facts: Examination, node: ReachedNode): Promise<number> {
  const role = (await facts.ask(node, 'ROLE')) as Reply[];
  return Number(role[0] === 'master' ? role[1] : role[4]);
}
