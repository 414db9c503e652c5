import type { Reply } from '../../resp/index.js';

/** Set, and not shown. */
export const hiddenValue = '(set)';

const secrets = new Set(['requirepass', 'masterauth', 'tls-key-file-pass', 'tls-client-key-file-pass']);
/** Newer names of what every version also calls by an older one. */
const twins = new Map([
  ['primaryauth', 'masterauth'],
  ['primaryuser', 'masteruser'],
]);

/**
 * Reads CONFIG GET *: each setting once, by the name that every version knows (`replica-…`, `masterauth`). Secrets are
 * replaced by a mark when they are set.
 */
export function readConfig(reply: Reply): ReadonlyMap<string, string> {
  const list = Array.isArray(reply) ? reply.map(String) : [];
  const config = new Map<string, string>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = commonName(list[at]!.toLowerCase());
    const value = list[at + 1]!;
    config.set(name, secrets.has(name) && value !== '' ? hiddenValue : value);
  }
  return config;
}

function commonName(name: string): string {
  return twins.get(name) ?? name.replace(/^slaveof$/, 'replicaof').replace(/\bslave(s?)\b/, 'replica$1');
}
