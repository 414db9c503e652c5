import { Fact } from './fact.js';

/** Where the timeout of a blocking command stands among its arguments, the name being number 0, and in which unit. */
export interface TimeoutSpot {
  at: 'first' | 'last' | number | { after: 'BLOCK' };
  unit: 's' | 'ms';
}

/**
 * From the page of each command in the Valkey documentation (commands/blpop.md, …): the list and sorted-set commands take
 * seconds, also fractions of one; XREAD, XREADGROUP, WAIT and WAITAOF take milliseconds. 0 waits for ever in all of them.
 * `BLMPOP timeout numkeys …`, `BZMPOP timeout numkeys …`, `WAIT numreplicas timeout`, `WAITAOF numlocal numreplicas timeout`;
 * XREAD and XREADGROUP block only when BLOCK is given.
 */
export const timeoutSpots: Readonly<Record<string, TimeoutSpot>> = {
  blpop: { at: 'last', unit: 's' },
  brpop: { at: 'last', unit: 's' },
  brpoplpush: { at: 'last', unit: 's' },
  blmove: { at: 'last', unit: 's' },
  bzpopmin: { at: 'last', unit: 's' },
  bzpopmax: { at: 'last', unit: 's' },
  blmpop: { at: 'first', unit: 's' },
  bzmpop: { at: 'first', unit: 's' },
  xread: { at: { after: 'BLOCK' }, unit: 'ms' },
  xreadgroup: { at: { after: 'BLOCK' }, unit: 'ms' },
  wait: { at: 'last', unit: 'ms' },
  waitaof: { at: 'last', unit: 'ms' },
};

/** Facts that no flag of the servers tells, each with its reason. `a|b` is a subcommand. */
const rows: readonly (readonly [facts: number, reason: string, names: string])[] = [
  [
    Fact.State,
    'changes what the connection is: a new one has to be told again',
    'auth hello select client readonly readwrite asking reset quit monitor ' +
      'client|setname client|setinfo client|capa client|no-evict client|no-touch client|reply client|tracking client|caching ' +
      'client|import-source',
  ],
  [
    Fact.State | Fact.Subscription | Fact.Harmless,
    'a set of names: subscribing or unsubscribing twice is the same as once',
    'subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe',
  ],
  [Fact.Transaction, 'runs what was queued', 'exec'],
  [Fact.Transaction | Fact.Harmless, 'its effect dies with the connection', 'multi discard watch unwatch'],
  [Fact.Cursor, 'each server process has its own order of keys', 'scan sscan hscan zscan'],
  [Fact.Script, 'runs or keeps code', 'eval evalsha eval_ro evalsha_ro fcall fcall_ro script function'],
  [
    Fact.Harmless,
    'sets the connection to what is asked for, however often',
    'auth hello select readonly readwrite asking reset quit monitor ' +
      'client|setname client|setinfo client|capa client|no-evict client|no-touch',
  ],
  [
    Fact.Harmless,
    'answers about the server or the connection and changes nothing',
    'ping echo time info role lastsave lolwut command command|count command|docs command|getkeys command|getkeysandflags ' +
      'command|info command|list client|getname client|getredir client|id client|info client|list client|trackinginfo ' +
      'config|get acl|cat acl|dryrun acl|genpass acl|getuser acl|list acl|users acl|whoami ' +
      'latency|doctor latency|graph latency|histogram latency|history latency|latest memory|doctor memory|malloc-stats ' +
      'memory|stats slowlog|get slowlog|len commandlog|get commandlog|len module|list function|list function|dump ' +
      'function|stats cluster|countkeysinslot cluster|getkeysinslot cluster|info cluster|keyslot cluster|links cluster|myid ' +
      'cluster|myshardid cluster|nodes cluster|replicas cluster|slaves cluster|shards cluster|slots ' +
      'cluster|count-failure-reports cluster|slot-stats cluster|getslotmigrations ' +
      'pubsub|channels pubsub|numpat pubsub|numsub pubsub|shardchannels pubsub|shardnumsub',
  ],
  [
    Fact.Harmless,
    'prints help',
    'acl|help client|help cluster|help command|help commandlog|help config|help function|help latency|help memory|help ' +
      'module|help object|help pubsub|help script|help slowlog|help xgroup|help xinfo|help',
  ],
  [
    Fact.Harmless,
    'keeps or looks up a body by its digest: the same each time',
    'script|load script|exists script|show',
  ],
];

/** Facts by name, of what the table above says. */
export const kinds: ReadonlyMap<string, number> = collect();

function collect(): Map<string, number> {
  const facts = new Map<string, number>();
  for (const [bits, , names] of rows) {
    for (const name of names.split(' ')) facts.set(name, (facts.get(name) ?? 0) | bits);
  }
  return facts;
}
