import type { Check } from './check.js';
import { ok, refuse } from './finding.js';

export const failover: Check = {
  name: 'failover',
  what: 'no FAILOVER is under way at the old primary',
  worst: 'refuse',
  run({ from }) {
    if (from.failover === 'no-failover') return [ok('none is under way')];
    const remedy = 'wait for its end, or FAILOVER ABORT';
    return [refuse('a failover is under way', { node: from.name, measured: from.failover, remedy })];
  },
};
