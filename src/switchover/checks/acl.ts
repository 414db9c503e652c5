import type { Check } from './check.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';

/** ACL users are not replicated. A user that is missing or different gets NOAUTH, WRONGPASS or NOPERM after the switch. */
export const acl: Check = {
  name: 'acl',
  what: 'ACL users of the old primary exist at the new one, with the same rules and passwords',
  worst: 'refuse',
  run({ from, to }) {
    const outcomes: Outcome[] = [];
    const remedy = `ACL SETUSER at ${to.name} as at ${from.name} (ACL LIST shows the rules), then ACL SAVE or CONFIG REWRITE`;
    if (from.users.length === 0 || to.users.length === 0) {
      return [warn('the users cannot be compared', { remedy: 'allow our user ACL LIST at both nodes' })];
    }
    for (const user of from.users) {
      const twin = to.users.find(({ name }) => name === user.name);
      if (twin?.digest === user.digest) continue;
      const using = from.clients.filter((client) => client.user === user.name && client.role === 'application').length;
      const reason =
        twin === undefined ? `user ${user.name} is missing` : `user ${user.name} has other rules or passwords`;
      // Who is connected now would be refused at once; who is not, at its next connection.
      const tell = using > 0 && user.enabled ? refuse : warn;
      outcomes.push(tell(reason, { node: to.name, measured: `${using} connections of this user`, remedy }));
    }
    return unlessEmpty(outcomes, ok('the users are the same', `${from.users.length} users`));
  },
};
