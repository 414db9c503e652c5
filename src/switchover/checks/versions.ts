import type { ReachedNode } from '../survey/index.js';
import { canCopy, type ServerVersion, versionText } from '../upgrade/server-version.js';
import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

/** A replica can follow by the missing piece for as long as that is in the backlog; else it must be able to take a copy. */
export const versions: Check = {
  name: 'versions',
  what: 'the order of versions, and whether each follower could take a full copy (RDB) from the new primary and back',
  worst: 'refuse',
  run({ from, to, others }) {
    const outcomes: Outcome[] = [];
    const target = versionOf(to);
    if (isOlder(to, from)) {
      const reason = `a switch to an older version: ${versionText(target)} after ${versionText(versionOf(from))}`;
      const remedy = 'what only the newer version knows must not be in use (see commands)';
      if (canCopy(versionOf(from), target)) outcomes.push(warn(reason, { node: to.name, remedy }));
      else {
        const why = `${reason}, which cannot take a copy from it: if its link breaks it never comes back`;
        outcomes.push(refuse(why, { node: to.name, remedy: 'switch to a replica of the same or a newer version' }));
      }
    }
    for (const node of [from, ...others]) {
      if (canCopy(target, versionOf(node))) continue;
      outcomes.push(warn(noWayBack(node, to), { node: node.name, remedy: wayOut }));
    }
    const measured = `${versionText(versionOf(from))} to ${versionText(target)}`;
    return unlessEmpty(outcomes, ok('every follower could take a copy from the new primary', measured));
  },
};

const wayOut = 'take a backup first, upgrade this node soon after, and do not count on it until then';

function noWayBack(node: ReachedNode, to: ReachedNode): string {
  return (
    `no way back after this: ${versionText(versionOf(node))} follows ${versionText(versionOf(to))} only while the missing ` +
    'piece is in the backlog; a full copy would fail, be tried again and again, and leave the node empty'
  );
}

function versionOf({ family, version }: ReachedNode): ServerVersion {
  return { family, number: version };
}

/** By number: the families share theirs up to 7.2, and Valkey went on from there. */
function isOlder(one: ReachedNode, other: ReachedNode): boolean {
  const [a, b] = [one, other].map(({ version }) => version.split('.').map(Number));
  for (let at = 0; at < 3; at += 1) {
    const [x = 0, y = 0] = [a![at], b![at]];
    if (x !== y) return x < y;
  }
  return false;
}
