import type { Check } from './check.js';
import { ok, refuse } from './finding.js';

/** The first thing to know; "online" is what its primary believes, "up" what it believes itself. */
export const link: Check = {
  name: 'link',
  what: 'the new primary follows the old one directly, its link is up, and no copy is under way',
  worst: 'refuse',
  run({ from, to }) {
    const node = to.name;
    if (to.loading !== undefined) {
      const measured = to.loading.percent === undefined ? 'loading' : `${to.loading.percent} % loaded`;
      return [refuse('it is loading its data', { node, measured, remedy: 'wait until it has loaded' })];
    }
    if (to.link === undefined) return [refuse('it follows nobody', { node, remedy: `REPLICAOF ${from.name}` })];
    if (to.link.syncing) {
      return [refuse('it is being given a full copy', { node, remedy: 'wait until the copy is done' })];
    }
    if (!to.link.up) {
      const measured = `down for ${to.link.downSeconds ?? '?'} s`;
      const remedy = 'look into its log: network, masterauth/primaryauth, or a copy that fails';
      return [refuse(`its link to ${to.link.primary} is down`, { node, measured, remedy })];
    }
    const listed = from.replicas.find(({ name }) => to.names.includes(name));
    if (listed === undefined || to.replid !== from.replid) {
      const remedy = `REPLICAOF the primary ${from.name}, not another replica`;
      return [refuse(`it follows ${to.link.primary}, and ${from.name} does not list it`, { node, remedy })];
    }
    if (listed.state !== 'online') {
      return [refuse('its primary does not count it as online', { node, measured: `state ${listed.state}` })];
    }
    return [ok(`${to.name} follows ${from.name}, link up`, `idle for ${to.link.idleSeconds ?? 0} s`)];
  },
};
