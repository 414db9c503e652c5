import { describe, expect, it } from 'vitest';
import { Reach, ShareRules } from '../../../../src/doors/gateway/share-rules.js';
import { CommandTable, Fact } from '../../../../src/resp/index.js';

const table = new CommandTable();
const rules = new ShareRules(table);

function reach(command: string): string {
  const [name, subcommand] = command.split(' ');
  const id = table.idOf(name!);
  const of = rules.of(id);
  const found = of === Reach.Container ? rules.ofSubcommand(id, Buffer.from(subcommand ?? '')) : of;
  return Object.entries(Reach).find(([, value]) => value === found)![0];
}

describe('which commands may share a connection', () => {
  it.each([
    [
      'Shared',
      'get set mget MSET incr del expire hgetall lrange zadd xadd scan hscan ping echo info time dbsize flushall',
    ],
    ['Greeting', 'auth HELLO select'],
    ['Quit', 'quit'],
    ['Own', 'multi exec discard watch unwatch subscribe psubscribe ssubscribe unsubscribe publish monitor reset'],
    ['Own', 'blpop bzpopmin xread xreadgroup wait waitaof eval evalsha fcall eval_ro readonly asking'],
    ['Own', 'keys migrate clusterscan replicaof shutdown failover debug sync psync replconf acl config nosuchcommand'],
  ])('%s: %s', (expected, names) => {
    for (const name of names.split(' ')) expect(`${name}: ${reach(name)}`).toBe(`${name}: ${expected}`);
  });

  it.each([
    ['Shared', ['object encoding', 'OBJECT FREQ', 'memory usage', 'xinfo stream', 'xgroup create', 'command docs']],
    ['Greeting', ['client setname', 'CLIENT SETINFO', 'client capa', 'client getname']],
    [
      'Own',
      ['client id', 'client info', 'client list', 'client tracking', 'client reply', 'client no-touch', 'client'],
    ],
    ['Own', ['cluster info', 'config get', 'script load', 'function list', 'pubsub channels', 'object nosuch']],
  ])('%s: %s', (expected, commands) => {
    for (const command of commands) expect(`${command}: ${reach(command)}`).toBe(`${command}: ${expected}`);
  });

  it('a command that is learnt, whatever its flags say, is not shared', () => {
    const learnt = table.learn('module.get', ['readonly', 'fast']);
    expect(rules.of(learnt)).toBe(Reach.Own);
    const fresh = new ShareRules(new CommandTable());
    expect(fresh.of(learnt)).toBe(Reach.Own);
  });

  it('nothing is shared that changes the connection, waits, runs code, or is not understood', () => {
    const never =
      Fact.State | Fact.Transaction | Fact.Blocking | Fact.Script | Fact.PubSub | Fact.Admin | Fact.Subscription;
    for (let id = 1; table.nameOf(id) !== ''; id++) {
      if (rules.of(id) === Reach.Shared)
        expect([table.nameOf(id), table.flags[id]! & never]).toEqual([table.nameOf(id), 0]);
    }
  });
});
