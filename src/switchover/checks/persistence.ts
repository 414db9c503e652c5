import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

export const persistence: Check = {
  name: 'persistence',
  what: 'the last save of the new primary went well, and it persists as the old one does',
  worst: 'refuse',
  needs: ['config'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const node = to.name;
    const remedy = 'look into its log and at its disk, then BGSAVE';
    if (!to.persistence.lastBgsaveOk && savesRdb(to)) {
      const stops = to.config.get('stop-writes-on-bgsave-error') !== 'no';
      if (stops) outcomes.push(refuse('its last save failed: it would refuse writes (MISCONF)', { node, remedy }));
      else outcomes.push(warn('its last save failed', { node, remedy }));
    }
    if (!to.persistence.lastAofWriteOk) {
      outcomes.push(refuse('it cannot write its append-only file: it would refuse writes (MISCONF)', { node, remedy }));
    }
    for (const [what, is, was, setting] of [
      ['append-only file', to.persistence.aofEnabled, from.persistence.aofEnabled, 'appendonly yes'],
      ['regular saves', savesRdb(to), savesRdb(from), `save ${JSON.stringify(from.config.get('save'))}`],
    ] as const) {
      if (is || !was) continue;
      const fix = `CONFIG SET ${setting} at ${to.name}, and CONFIG REWRITE`;
      outcomes.push(warn(`it has no ${what}, the old primary has`, { node, remedy: fix }));
    }
    const kinds = [to.persistence.aofEnabled ? 'AOF' : '', savesRdb(to) ? 'RDB' : ''].filter(Boolean).join(' and ');
    return unlessEmpty(outcomes, ok('it persists as the old primary does', kinds === '' ? 'nothing' : kinds));
  },
};

function savesRdb({ config }: ReachedNode): boolean {
  return (config.get('save') ?? '') !== '';
}
