import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty } from './finding.js';
import { countText } from './units.js';

/** Functions are replicated; where they differ, somebody has written to the replica. */
export const functions: Check = {
  name: 'functions',
  what: 'libraries of functions are the same at both nodes',
  worst: 'refuse',
  needs: ['libraries'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    for (const library of from.libraries) {
      const twin = to.libraries.find(({ name }) => name === library.name);
      if (twin?.digest === library.digest) continue;
      const reason =
        twin === undefined ? `library ${library.name} is missing` : `library ${library.name} has other code`;
      outcomes.push(refuse(reason, { node: to.name, remedy: `FUNCTION LOAD REPLACE it at the primary ${from.name}` }));
    }
    for (const { name } of to.libraries.filter((one) => from.libraries.every((other) => other.name !== one.name))) {
      const remedy = `FUNCTION LOAD it at the primary ${from.name}, or give ${to.name} a full copy`;
      outcomes.push(refuse(`library ${name} is only at the replica`, { node: to.name, remedy }));
    }
    return unlessEmpty(
      outcomes,
      ok('the functions are the same', countText(from.libraries.length, 'library', 'libraries')),
    );
  },
};
