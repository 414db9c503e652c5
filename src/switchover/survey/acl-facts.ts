import { createHash } from 'node:crypto';
import type { Reply } from '../../resp/index.js';

export interface AclUser {
  readonly name: string;
  readonly enabled: boolean;
  /** May log in without a password. */
  readonly nopass: boolean;
  /** Equal for users with the same rules and passwords; nothing can be read from it. */
  readonly digest: string;
}

/** Words that some versions write and others leave out although they mean the same. */
const silentWords = new Set(['sanitize-payload', 'alldbs']);
const shownDigits = 12;

/** Reads ACL LIST. Rules and password hashes stay here. */
export function readAclUsers(reply: Reply): AclUser[] {
  const lines = Array.isArray(reply) ? reply.map(String) : [];
  return lines.flatMap((line) => {
    const [kind, name, ...words] = line.split(' ');
    if (kind !== 'user' || name === undefined) return [];
    const rules = words.filter((word) => !silentWords.has(word)).join(' ');
    const digest = createHash('sha256').update(rules).digest('hex').slice(0, shownDigits);
    return [{ name, enabled: words[0] === 'on', nopass: words.includes('nopass'), digest }];
  });
}
