import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

/** Modules bring commands and data types, and may write while clients are paused, which crashes the server. */
export const modules: Check = {
  name: 'modules',
  what: 'modules of the old primary are loaded at the new one, in the same version',
  worst: 'refuse',
  needs: ['modules'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    // What comes with the server differs between versions and means nothing then.
    const counts = from.modules.filter(({ builtIn }) => !builtIn || from.version === to.version);
    for (const module of counts) {
      const twin = to.modules.find(({ name }) => name === module.name);
      if (twin === undefined) {
        const remedy = `load it there (loadmodule in its configuration file, or MODULE LOAD)`;
        outcomes.push(refuse(`module ${module.name} is missing`, { node: to.name, remedy }));
      } else if (twin.version !== module.version) {
        const measured = `version ${twin.version} instead of ${module.version}`;
        outcomes.push(warn(`module ${module.name} has another version`, { node: to.name, measured }));
      }
    }
    const foreign = from.modules.filter(({ builtIn }) => !builtIn).map(({ name }) => name);
    if (foreign.length > 0) {
      const remedy = 'try the switch on a copy first; Valkey 9.1.3 has a repair';
      const reason = `modules that write from timers crash a server whose clients are paused: ${foreign.join(', ')}`;
      outcomes.push(warn(reason, { node: from.name, remedy }));
    }
    return unlessEmpty(outcomes, ok('the modules are the same', countText(from.modules.length, 'module')));
  },
};
