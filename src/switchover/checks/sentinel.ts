import type { ReachedSentinel, SentinelWatch } from '../sentinel/index.js';
import type { Check } from './check.js';
import type { Examination } from './examination.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { listText } from './units.js';

const busyFlags = ['s_down', 'o_down', 'failover_in_progress', 'disconnected'];

/**
 * A Sentinel that is not told sends clients to the old primary for half a minute. Then it makes a failover of its own, which
 * cuts off every client of the new primary, or promotes another replica beside it: two primaries. Telling one is enough:
 * it tells its peers within 2 s.
 */
export const sentinel: Check = {
  name: 'sentinel',
  what: 'Sentinels that watch the pair can be told of the switch, agree on the primary, and are not in a failover',
  worst: 'refuse',
  run(facts) {
    const { survey } = facts;
    const reached = survey.sentinels.filter((one) => one.reachable);
    const lost = survey.sentinels.filter((one) => !one.reachable);
    const outcomes: Outcome[] = reached.flatMap((one) => one.watches.flatMap((watch) => judge(facts, one, watch)));
    const remedy = 'name it with its password (--sentinel), or stop it for the time of the switch';
    for (const { name, reason } of lost) {
      if (reached.length > 0)
        outcomes.push(warn('it cannot be told, only its peers', { node: name, measured: reason, remedy }));
      else
        outcomes.push(
          refuse('it cannot be told, and would make a failover of its own', { node: name, measured: reason, remedy }),
        );
    }
    if (survey.sentinels.length === 0) return [ok('no Sentinel watches the pair')];
    const names = listText([...new Set(reached.map((one) => `${one.name} (${one.version})`))]);
    return unlessEmpty(outcomes, ok('they will be told right after the promotion, and no client is cut off', names));
  },
};

function judge({ from, to }: Examination, { name }: ReachedSentinel, watch: SentinelWatch): Outcome[] {
  const outcomes: Outcome[] = [];
  const flags = watch.flags.filter((flag) => busyFlags.includes(flag));
  if (flags.length > 0) {
    const measured = `${watch.service}: ${flags.join(', ')}`;
    const remedy = 'wait until SENTINEL MASTERS shows it without these flags';
    outcomes.push(refuse('it takes the primary for ill', { node: name, measured, remedy }));
  }
  if (watch.primaryRunId !== from.runId && !from.names.includes(watch.primary)) {
    const remedy = 'wait until it has followed the last switch, or SENTINEL RESET';
    const measured = `${watch.service} is ${watch.primary}`;
    outcomes.push(refuse(`it takes another node than ${from.name} for the primary`, { node: name, measured, remedy }));
  }
  if (!watch.replicas.some(({ runId }) => runId === to.runId)) {
    const remedy = 'wait 10 s: it asks the primary for its replicas that often';
    outcomes.push(warn(`it does not know ${to.name} yet`, { node: name, measured: watch.service, remedy }));
  }
  return outcomes;
}
