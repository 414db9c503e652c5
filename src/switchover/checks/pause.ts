import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

/** The switch pauses writes at the old primary; somebody else's pause would end it early, or late. */
export const pause: Check = {
  name: 'pause',
  what: 'nobody has paused clients of the old primary, and nobody unblocks clients where that crashes a paused server',
  worst: 'refuse',
  run({ from }) {
    const outcomes: Outcome[] = [];
    const { paused } = from;
    if (paused !== undefined && paused.actions !== 'none') {
      const measured = `${paused.actions}, ${paused.reason}, ${paused.leftMs} ms left`;
      const remedy = 'wait for its end, or CLIENT UNPAUSE if nobody needs it';
      outcomes.push(refuse('its clients are paused by somebody', { node: from.name, measured, remedy }));
    }
    const unblocks = from.counters.commands.get('client|unblock')?.calls ?? 0;
    if (unblocks > 0 && crashesOnUnblock(from)) {
      const remedy =
        'keep everybody from CLIENT UNBLOCK during the switch, or upgrade in place to a repaired version first';
      const reason = 'CLIENT UNBLOCK of a paused client crashes this version, and it is in use';
      outcomes.push(warn(reason, { node: from.name, measured: countText(unblocks, 'call'), remedy }));
    }
    return unlessEmpty(outcomes, ok(paused === undefined ? 'this version does not tell of pauses' : 'nobody has'));
  },
};

/** Repaired in Valkey 8.0.5, 8.1.2 and 9.0.0. */
function crashesOnUnblock({ family, version }: ReachedNode): boolean {
  if (family === 'redis') return true;
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 8) return major < 8;
  return minor === 0 ? patch < 5 : minor === 1 && patch < 2;
}
