import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';
import { sizeText } from './units.js';

/** What a node misses while it is away must still be in the backlog when it is back; else it needs a full copy. */
export const backlog: Check = {
  name: 'backlog',
  what: 'the backlog of the new primary holds what is written while the old one is away for its upgrade',
  worst: 'warning',
  async run(facts) {
    const { to, absenceSeconds } = facts;
    const { bytesPerSecond } = await facts.writeRate();
    const needed = bytesPerSecond * absenceSeconds;
    const size = to.backlog.sizeBytes;
    const covers = bytesPerSecond < 1 ? 'any time' : `${Math.floor(size / bytesPerSecond)} s`;
    const measured = `${sizeText(size)} at ${sizeText(bytesPerSecond)}/s lasts ${covers}`;
    const outcomes: Outcome[] = [];
    if (size < needed) {
      const bytes = 2 ** Math.ceil(Math.log2(needed));
      const remedy = `CONFIG SET repl-backlog-size ${bytes} at ${to.name} (${sizeText(bytes)}), and CONFIG REWRITE`;
      outcomes.push(
        warn(`too small for ${absenceSeconds} s away: a full copy would follow`, { node: to.name, measured, remedy }),
      );
    }
    const ttl = Number(to.config.get('repl-backlog-ttl') ?? 0);
    if (ttl > 0 && ttl < absenceSeconds) {
      const remedy = 'CONFIG SET repl-backlog-ttl 3600, or 0 for ever';
      outcomes.push(warn('it is thrown away while nobody follows', { node: to.name, measured: `${ttl} s`, remedy }));
    }
    return unlessEmpty(outcomes, ok(`it covers ${absenceSeconds} s`, measured));
  },
};
