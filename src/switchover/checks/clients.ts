import type { ClientSurvey } from '../survey/index.js';
import type { Check } from './check.js';
import { type Outcome, ok, unlessEmpty, warn } from './finding.js';
import { countText, listText } from './units.js';

const groupsMax = 20;
const addressesMax = 4;

/** Who is connected to the old primary and would get errors. One finding for each kind of client. */
export const clients: Check = {
  name: 'clients',
  what: 'every client of the old primary follows a redirect or is a session of Segue; names those that would see errors',
  worst: 'warning',
  needs: ['clients'],
  run({ from }) {
    const applications = from.clients.filter(({ role }) => role === 'application');
    const groups = new Map<string, ClientSurvey[]>();
    for (const client of applications.filter(({ follows }) => follows !== 'yes')) {
      const key = [client.name, client.libName, client.libVersion, client.user, client.follows, client.why].join('\n');
      groups.set(key, [...(groups.get(key) ?? []), client]);
    }
    const largest = [...groups.values()].sort((one, other) => other.length - one.length);
    const outcomes = largest.slice(0, groupsMax).map((group) => outcomeOf(group, from.name));
    if (largest.length > groupsMax) {
      const rest = largest.slice(groupsMax).flat().length;
      outcomes.push(
        warn(`${countText(rest, 'connection')} of ${countText(largest.length - groupsMax, 'further kind')}`, {
          node: from.name,
        }),
      );
    }
    return unlessEmpty(outcomes, ok('all clients follow', countText(applications.length, 'connection')));
  },
};

function outcomeOf(group: readonly ClientSurvey[], node: string): Outcome {
  const { name, libName, libVersion, user, follows, why } = group[0]!;
  const library = libName === '' ? 'unknown library' : `${libName} ${libVersion}`.trim();
  const who = `${name === '' ? 'unnamed' : name} (${library}, user ${user})`;
  const times = countText(group.length, 'connection');
  const commands = listText([...new Set(group.map(({ command }) => command))]);
  const measured = `${times} from ${listText(addressesOf(group), addressesMax)}; last commands ${commands}`;
  const reason = follows === 'perhaps' ? `${who} may see errors: ${why}` : `${who} would see errors: ${why}`;
  const remedy = 'give it Segue (connector or gateway), or be ready to restart it after the switch';
  return warn(reason, { node, measured, remedy });
}

function addressesOf(group: readonly ClientSurvey[]): string[] {
  return [...new Set(group.map(({ addr }) => addr))];
}
