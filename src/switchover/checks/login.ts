import { ReplyError } from '../../resp/index.js';
import type { ReachedNode } from '../survey/index.js';
import type { Check } from './check.js';
import type { Examination } from './examination.js';
import { type Outcome, ok, refuse, unlessEmpty, warn } from './finding.js';
import { countText } from './units.js';

/**
 * A follower logs in at its primary with masteruser and masterauth (primaryuser, primaryauth). Nothing warns before the switch
 * when the new primary does not take them; afterwards the follower is left without a link. So it is tried.
 */
export const login: Check = {
  name: 'login',
  what: 'every follower can log in at the new primary with its own masterauth (primaryauth), and the new one at the old; tried',
  worst: 'refuse',
  async run(facts) {
    const { from, to, followers } = facts;
    const outcomes: Outcome[] = [];
    for (const node of followers) {
      const refusal = await tryLogin(facts, node, to);
      if (refusal === undefined) continue;
      const remedy = `CONFIG SET masterauth (and masteruser) at ${node.name} to what ${to.name} takes, and CONFIG REWRITE`;
      outcomes.push(refuse(`it could not follow ${to.name}: ${refusal}`, { node: node.name, remedy }));
    }
    const back = await tryLogin(facts, to, from);
    if (back !== undefined) {
      const remedy = `CONFIG SET masterauth (and masteruser) at ${to.name} to what ${from.name} takes now`;
      outcomes.push(warn(`it could not follow ${from.name} again: ${back}`, { node: to.name, remedy }));
    }
    return unlessEmpty(outcomes, ok('tried in both directions', countText(followers.length + 1, 'login')));
  },
};

/** Does what a replica does first, on a connection of its own. Resolves with the primary's refusal. */
async function tryLogin(facts: Examination, follower: ReachedNode, primary: ReachedNode): Promise<string | undefined> {
  const { user, password } = await ownLogin(facts, follower);
  const conversation = facts.dial(primary);
  try {
    await conversation.ready;
    await conversation.request(['RESET']);
    if (password !== '') await conversation.request(user === '' ? ['AUTH', password] : ['AUTH', user, password]);
    await conversation.request(['PING']);
    await conversation.request(['REPLCONF', 'capa', 'psync2']);
    return await mayCopy(facts, primary, user === '' ? 'default' : user);
  } catch (error) {
    if (error instanceof ReplyError) return error.message;
    throw error;
  } finally {
    conversation.close();
  }
}

async function ownLogin(facts: Examination, node: ReachedNode): Promise<{ user: string; password: string }> {
  const reply = await facts.ask(node, 'CONFIG', 'GET', 'master*');
  const list = Array.isArray(reply) ? reply.map(String) : [];
  const setting = (name: string): string => list[list.findIndex((one, at) => at % 2 === 0 && one === name) + 1] ?? '';
  return list.includes('masterauth')
    ? { user: setting('masteruser'), password: setting('masterauth') }
    : { user: '', password: '' };
}

/** PSYNC itself would make us a replica. Where it cannot be tried it is taken for allowed. */
async function mayCopy(facts: Examination, primary: ReachedNode, user: string): Promise<string | undefined> {
  const reply = await facts.ask(primary, 'ACL', 'DRYRUN', user, 'PSYNC', '?', '-1').catch(() => 'OK');
  return reply === 'OK' ? undefined : String(reply);
}
