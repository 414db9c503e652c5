import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText, listText } from './units.js';

/**
 * A replica that does not know a command of its primary goes on with other data, link up and offsets equal. The only signs
 * are a counter and its log.
 */
export const commands: Check = {
  name: 'commands',
  what: 'no replica has failed on a command of its primary, and the new primary knows every command in use',
  worst: 'refuse',
  needs: ['commands'],
  run({ from, to, others }) {
    const outcomes: Outcome[] = [];
    for (const node of [to, ...others]) {
      const count = node.counters.unexpectedErrorReplies;
      if (count === 0) continue;
      const tell = node === to ? refuse : warn;
      const measured = `unexpected_error_replies ${count}`;
      const remedy =
        'its data differ: give it a full copy (REPLICAOF NO ONE, FLUSHALL, REPLICAOF), then CONFIG RESETSTAT';
      outcomes.push(tell('it could not execute what its primary sent', { node: node.name, measured, remedy }));
    }
    const used = [...from.counters.commands].filter(([, { calls }]) => calls > 0).map(([name]) => name);
    const unknown = to.commands.size === 0 ? [] : used.filter((name) => !to.commands.has(name));
    if (unknown.length > 0) {
      const remedy = 'stop using them (then CONFIG RESETSTAT at the primary), or switch to a version that knows them';
      const reason = `it does not know commands that are in use: ${listText(unknown)}`;
      outcomes.push(refuse(reason, { node: to.name, measured: countText(unknown.length, 'command'), remedy }));
    }
    return unlessEmpty(
      outcomes,
      ok(`${to.name} knows all ${used.length} commands in use`, 'unexpected_error_replies 0'),
    );
  },
};
