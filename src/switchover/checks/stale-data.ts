import type { Check } from './check.js';
import { ok, warn } from './finding.js';

export const staleData: Check = {
  name: 'stale-data',
  what: 'followers go on answering reads until their link to the new primary is up (replica-serve-stale-data)',
  worst: 'warning',
  needs: ['config'],
  run({ followers }) {
    const strict = followers.filter(({ config }) => config.get('replica-serve-stale-data') === 'no');
    if (strict.length === 0) return [ok('they do')];
    const remedy = 'CONFIG SET replica-serve-stale-data yes for the time of the switch';
    const reason = 'it answers reads with MASTERDOWN whenever its link is down';
    return strict.map((node) => warn(reason, { node: node.name, measured: 'replica-serve-stale-data no', remedy }));
  },
};
