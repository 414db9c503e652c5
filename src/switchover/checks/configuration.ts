import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

/** What clients would notice. Memory, persistence, TLS and the like have checks of their own. */
const noticed = [
  'acl-pubsub-default',
  'appendfsync',
  'busy-reply-threshold',
  'client-query-buffer-limit',
  'hash-max-listpack-entries',
  'hash-max-listpack-value',
  'io-threads',
  'list-max-listpack-size',
  'notify-keyspace-events',
  'proto-max-bulk-len',
  'repl-timeout',
  'set-max-intset-entries',
  'stream-node-max-entries',
  'tcp-keepalive',
  'timeout',
  'tracking-table-max-keys',
  'zset-max-listpack-entries',
  'zset-max-listpack-value',
];

/** CONFIG is not replicated: the new primary works with its own. */
export const configuration: Check = {
  name: 'configuration',
  what: 'settings that clients notice are the same at both nodes (databases, timeout, notify-keyspace-events, …)',
  worst: 'refuse',
  needs: ['config'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const [has, had] = [Number(to.config.get('databases') ?? 0), Number(from.config.get('databases') ?? 0)];
    if (has < had) {
      const remedy = 'give it as many in its configuration file and restart it';
      outcomes.push(refuse('it has fewer databases', { node: to.name, measured: `${has} instead of ${had}`, remedy }));
    }
    for (const key of noticed) {
      const [is, was] = [to.config.get(key), from.config.get(key)];
      if (is === undefined || was === undefined || is === was) continue;
      const measured = `${JSON.stringify(is)} instead of ${JSON.stringify(was)}`;
      const remedy = `CONFIG SET ${key} ${JSON.stringify(was)} at ${to.name}, and CONFIG REWRITE`;
      outcomes.push(warn(`${key} differs`, { node: to.name, measured, remedy }));
    }
    return unlessEmpty(outcomes, ok('what clients notice is the same', `${noticed.length + 1} settings`));
  },
};
