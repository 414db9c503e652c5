import type { Account } from './account.js';
import { HallAccount } from './hall-account.js';
import { ListAccount, single, transaction } from './list-account.js';
import { NewsAccount } from './news-account.js';
import { QueueAccount } from './queue-account.js';
import { ScanAccount } from './scan-account.js';

export type { Account } from './account.js';
export { ScanAccount } from './scan-account.js';

/** What a program does; every one has one connection, but for the last two. */
export type Role =
  | 'single'
  | 'pipeline'
  | 'transaction'
  | 'script'
  | 'produce'
  | 'consume'
  | 'scan'
  | 'publish'
  | 'subscribe'
  | 'psubscribe'
  | 'pipe'
  | 'listen'
  | 'broadcast';

/** Who keeps account of what the programs of the roles say. Keys begin with `prefix`. */
export function openAccounts(prefix: string): Record<Role, Account> {
  const queue = new QueueAccount(prefix);
  const news = new NewsAccount();
  const hall = new HallAccount();
  return {
    single: single(prefix),
    pipeline: new ListAccount(`${prefix}:pipeline`),
    transaction: transaction(prefix),
    script: new ListAccount(`${prefix}:script`),
    produce: queue,
    consume: queue,
    scan: new ScanAccount(),
    publish: news,
    subscribe: news,
    psubscribe: news,
    pipe: new ListAccount(`${prefix}:pipe`),
    listen: hall,
    broadcast: hall,
  };
}
