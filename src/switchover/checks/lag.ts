import { FENCE_LAG_MAX_S } from '../fence.js';
import type { Check } from './check.js';
import { ok, refuse, warn } from './finding.js';
import { sizeText } from './units.js';

const secondsToWarn = 2;
const bytesToWarn = 1024 * 1024;
const bytesToRefuse = 64 * bytesToWarn;

/** Writes wait until the rest has arrived: a replica that is far behind makes them wait long, or the switch give up. */
export const lag: Check = {
  name: 'lag',
  what: 'the new primary is not far behind, in bytes and in seconds since its last acknowledgement',
  worst: 'refuse',
  run({ to }) {
    const bytes = to.lagBytes ?? 0;
    const seconds = to.lagSeconds ?? 0;
    const measured = `${sizeText(bytes)}, last acknowledgement ${seconds} s ago`;
    const remedy = 'wait until it has caught up; if it does not, look at its CPU, disk and network';
    if (bytes > bytesToRefuse || seconds >= FENCE_LAG_MAX_S) {
      return [refuse('it is too far behind to catch up while writes wait', { node: to.name, measured, remedy })];
    }
    if (bytes > bytesToWarn || seconds >= secondsToWarn) {
      return [warn('it is behind, so writes will wait longer', { node: to.name, measured, remedy })];
    }
    return [ok(`${to.name} is close behind`, measured)];
  },
};
