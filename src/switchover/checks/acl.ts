import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

/** ACL users are not replicated. A user that is missing or different gets NOAUTH, WRONGPASS or NOPERM after the switch. */
export const acl: Check = {
  name: 'acl',
  what: 'ACL users of the old primary exist at the new one, with the same rules and passwords',
  worst: 'refuse',
  needs: ['users'],
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const remedy = `ACL SETUSER at ${to.name} as at ${from.name} (ACL LIST shows the rules), then ACL SAVE or CONFIG REWRITE`;
    for (const user of from.users) {
      const twin = to.users.find(({ name }) => name === user.name);
      if (twin?.digest === user.digest) continue;
      const using = from.clients.filter((client) => client.user === user.name && client.role === 'application').length;
      const reason =
        twin === undefined ? `user ${user.name} is missing` : `user ${user.name} has other rules or passwords`;
      // Who is connected now would be refused at once; who is not, at its next connection.
      const tell = using > 0 && user.enabled ? refuse : warn;
      outcomes.push(
        tell(reason, { node: to.name, measured: `${countText(using, 'connection')} of this user`, remedy }),
      );
    }
    return unlessEmpty(outcomes, ok('the users are the same', countText(from.users.length, 'user')));
  },
};
