import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty } from './finding.js';

const switchNames = /^segue-switch/;
/** Seconds that do not come: the fence sets these so, and nobody else does. */
export const fenceMark = '2147483647';
export const marks = ['repl-diskless-sync-delay', 'repl-ping-replica-period'];

/** A switch that was killed leaves its fence behind, on purpose: it keeps the old primary from taking writes alone. */
export const unfinished: Check = {
  name: 'unfinished',
  what: 'no other switch is under way, and none that was not finished has left its fence behind',
  worst: 'refuse',
  needs: ['clients', 'config'],
  run({ from, nodes }) {
    const outcomes: Outcome[] = [];
    const others = from.clients.filter((client) => switchNames.test(client.name));
    for (const { name, addr } of others) {
      const remedy = 'wait for its end';
      outcomes.push(
        refuse('another switch is under way', { node: from.name, measured: `${name} from ${addr}`, remedy }),
      );
    }
    for (const { name, config } of others.length > 0 ? [] : nodes) {
      const mark = marks.find((setting) => config.get(setting) === fenceMark);
      if (mark === undefined) continue;
      const measured = `${mark} ${fenceMark}, min-replicas-to-write ${config.get('min-replicas-to-write')}`;
      const remedy = 'segue switch --resume finishes or undoes it; without its journal set both settings back by hand';
      outcomes.push(refuse('a switch that was not finished has left its fence', { node: name, measured, remedy }));
    }
    return unlessEmpty(outcomes, ok('nothing is left of an earlier switch'));
  },
};
