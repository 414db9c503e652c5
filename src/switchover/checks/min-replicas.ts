import type { Check } from './check.js';
import { ok, refuse, warn } from './finding.js';

/** It counts from the first write after the promotion on, when nobody follows yet. */
export const minReplicas: Check = {
  name: 'min-replicas',
  what: 'min-replicas-to-write of the new primary can be met after the switch, and while one follower is away',
  worst: 'refuse',
  needs: ['config'],
  run({ to, followers }) {
    const needed = Number(to.config.get('min-replicas-to-write') ?? 0);
    const node = to.name;
    const measured = `${needed} needed, ${followers.length} will follow`;
    if (needed > followers.length) {
      const remedy = `CONFIG SET min-replicas-to-write ${followers.length} at ${to.name}, and CONFIG REWRITE`;
      return [refuse('it would refuse every write', { node, measured, remedy })];
    }
    if (needed > 0 && needed === followers.length) {
      const remedy = `CONFIG SET min-replicas-to-write ${needed - 1} at ${to.name} for the time of the upgrade`;
      return [warn('while one follower is away it will refuse every write', { node, measured, remedy })];
    }
    return [ok('enough will follow', measured)];
  },
};
