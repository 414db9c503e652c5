import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { sizeText } from './units.js';

/** Replicas ignore maxmemory; on the promotion it counts at once, and evicts or refuses. */
export const memory: Check = {
  name: 'memory',
  what: 'maxmemory of the new primary holds the data, and limit and eviction policy are those of the old one',
  worst: 'refuse',
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const limit = to.memory.limitBytes;
    const used = Math.max(from.memory.usedBytes, to.memory.usedBytes);
    const measured = `${limit === 0 ? 'no limit' : sizeText(limit)}, in use ${sizeText(used)}`;
    const remedy = `CONFIG SET maxmemory ${from.memory.limitBytes} at ${to.name}, and CONFIG REWRITE`;
    if (limit !== 0 && limit <= used) {
      const what = to.memory.policy === 'noeviction' ? 'refuse writes' : 'evict keys';
      outcomes.push(refuse(`it would ${what} as soon as it is primary`, { node: to.name, measured, remedy }));
    } else if (limit !== from.memory.limitBytes) {
      const other = from.memory.limitBytes === 0 ? 'no limit' : sizeText(from.memory.limitBytes);
      outcomes.push(warn(`maxmemory differs from ${other}`, { node: to.name, measured, remedy }));
    }
    if (to.memory.policy !== from.memory.policy) {
      const fix = `CONFIG SET maxmemory-policy ${from.memory.policy} at ${to.name}, and CONFIG REWRITE`;
      const is = `${to.memory.policy} instead of ${from.memory.policy}`;
      outcomes.push(warn('maxmemory-policy differs', { node: to.name, measured: is, remedy: fix }));
    }
    return unlessEmpty(outcomes, ok('limit and policy are the same', measured));
  },
};
