import type { Check } from './check.js';
import { ok, refuse, warn } from './finding.js';

export const maxclients: Check = {
  name: 'maxclients',
  what: 'the new primary takes as many connections as both nodes have now, and as many as the old one would',
  worst: 'refuse',
  needs: ['config'],
  run({ from, to }) {
    const [limit, other] = [to, from].map(({ config }) => Number(config.get('maxclients') ?? 0)) as [number, number];
    const needed = from.counters.connectedClients + to.counters.connectedClients;
    const measured = `${limit} allowed, ${needed} connected to both nodes`;
    const remedy = `CONFIG SET maxclients ${Math.max(other, needed)} at ${to.name} (and its limit of open files)`;
    if (limit < needed) return [refuse('not all clients could connect', { node: to.name, measured, remedy })];
    if (limit < other) return [warn(`fewer than the ${other} of the old primary`, { node: to.name, measured, remedy })];
    return [ok('there is room for all clients', measured)];
  },
};
