import { readFileSync } from 'node:fs';
import type { Reply } from '../../../../src/resp/index.js';
import { parseInfo } from '../../../../src/topology/index.js';

/** What real servers have answered: a primary with a replica, some clients, and a few errors made on purpose. */
export interface Captured {
  readonly version: string;
  readonly clients: string;
  readonly primaryText: string;
  readonly replicaText: string;
  readonly primary: ReadonlyMap<string, string>;
  readonly replica: ReadonlyMap<string, string>;
  readonly replies: Record<'users' | 'modules' | 'libraries' | 'config', Reply>;
}

export const captured: readonly Captured[] = ['redis-7.0', 'valkey-8.0', 'valkey-8.1', 'valkey-9.1'].map((version) => {
  const read = (file: string): string => readFileSync(new URL(`captured/${version}/${file}`, import.meta.url), 'utf8');
  const [primaryText, replicaText] = ['primary', 'replica'].map((role) => crlf(read(`info-${role}.txt`)));
  return {
    version,
    clients: read('clients.txt'),
    primaryText: primaryText!,
    replicaText: replicaText!,
    primary: parseInfo(primaryText!),
    replica: parseInfo(replicaText!),
    replies: JSON.parse(read('replies.json')),
  };
});

function crlf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
