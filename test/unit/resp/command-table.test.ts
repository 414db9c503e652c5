import { describe, expect, test } from 'vitest';
import { commandData, commandSources } from '../../../src/resp/command-data.js';
import { kinds, timeoutSpots } from '../../../src/resp/command-kinds.js';
import { CommandTable, Fact, RespError } from '../../../src/resp/index.js';

const table = new CommandTable();
const names = (facts: number): string[] =>
  Object.entries(Fact)
    .filter(([, bit]) => (facts & bit) !== 0)
    .map(([name]) => name);
const facts = (name: string): string[] => {
  const [command, subcommand] = name.split('|');
  const id = table.idOf(command!);
  return names(subcommand === undefined ? table.flags[id]! : table.subcommandFlags(id, subcommand)!);
};

test('the data come from the four server versions', () => {
  expect(commandSources).toEqual(['redis-7.0', 'valkey-8.0', 'valkey-8.1', 'valkey-9.1']);
  expect(commandData.length).toBeGreaterThan(390);
});

test.each([
  ['get', ['ReadOnly']],
  ['set', ['Write']],
  ['sort', ['Write']],
  ['getex', ['Write']],
  ['blpop', ['Write', 'Blocking']],
  ['xread', ['ReadOnly', 'Blocking']],
  ['wait', ['Blocking']],
  ['eval', ['Script']],
  ['evalsha', ['Script']],
  ['fcall', ['Script']],
  ['eval_ro', ['ReadOnly', 'Script']],
  ['evalsha_ro', ['ReadOnly', 'Script']],
  ['fcall_ro', ['ReadOnly', 'Script']],
  ['publish', ['PubSub']],
  ['subscribe', ['PubSub', 'State', 'Harmless', 'Subscription']],
  ['ssubscribe', ['PubSub', 'State', 'Harmless', 'Subscription']],
  ['ping', ['Harmless']],
  ['select', ['State', 'Harmless']],
  ['multi', ['Transaction', 'Harmless']],
  ['exec', ['Transaction']],
  ['client', ['State', 'Container']],
  ['client|setname', ['State', 'Harmless']],
  ['client|reply', ['State']],
  ['client|kill', ['Admin']],
  ['config|get', ['Admin', 'Harmless']],
  ['config|set', ['Admin']],
  ['script|load', ['Script', 'Harmless']],
  ['script|flush', ['Script']],
  ['function|load', ['Write', 'Script']],
  ['function', ['Write', 'Script', 'Container']],
  ['xinfo', ['Container', 'Harmless']],
  ['xinfo|stream', ['ReadOnly']],
  ['xgroup|create', ['Write']],
  ['object|encoding', ['ReadOnly']],
  ['msetex', ['Write']],
  ['flushall', ['Write']],
  ['shutdown', ['Admin']],
] as [string, string[]][])('%s is %j', (name, expected) => {
  expect(facts(name)).toEqual(expected);
});

describe('the hand-written facts fit the generated data', () => {
  const known = new Set(commandData.map(([name]) => name));

  test.each([...kinds.keys()])('%s is a command of some server', (name) => {
    expect(known.has(name)).toBe(true);
  });

  test('every command that blocks tells where its timeout stands, and no other does', () => {
    const blocking = commandData.filter(([, flags]) => flags.includes('blocking')).map(([name]) => name);
    expect(Object.keys(timeoutSpots).sort()).toEqual(blocking.sort());
    for (const name of blocking) expect(table.timeoutOf(table.idOf(name))).toBeDefined();
    expect(table.timeoutOf(table.idOf('get'))).toBeUndefined();
    expect(table.timeoutOf(0)).toBeUndefined();
  });

  test('nothing that writes passes for harmless or read-only', () => {
    for (const [name, flags] of commandData) {
      if (!flags.split(' ').includes('write')) continue;
      expect(facts(name), name).toContain('Write');
      expect(facts(name), name).not.toContain('ReadOnly');
      expect(facts(name), name).not.toContain('Harmless');
    }
  });
});

describe('lookup', () => {
  test('every name in any case, and by exactly its bytes', () => {
    for (const [name] of commandData) {
      if (name.includes('|')) continue;
      const id = table.idOf(name.toUpperCase());
      expect(table.nameOf(id)).toBe(name);
      expect(table.idOf(`${name}x`)).not.toBe(id);
      expect(table.idOf(name.slice(0, -1))).not.toBe(id);
      const bytes = Buffer.from(`<${name}>`);
      expect(table.find(bytes, 1, bytes.length - 1)).toBe(id);
      for (let i = 1; i < bytes.length - 1; i++) {
        const other = Buffer.from(bytes);
        other[i]! ^= 0x80;
        expect(table.find(other, 1, other.length - 1)).toBe(0);
      }
    }
  });

  test('a NUL is a byte like any other, not the end', () => {
    for (const name of ['get\0', 'get\0\0', '\0get', 'g\0t', '\0']) expect(table.idOf(name)).toBe(0);
  });

  test('what is no name', () => {
    expect(table.idOf('')).toBe(0);
    expect(table.idOf('nosuch')).toBe(0);
    expect(table.idOf('g'.repeat(33))).toBe(0);
    expect(table.nameOf(0)).toBe('');
    expect(table.nameOf(99_999)).toBe('');
    expect(table.flags[0]).toBe(0);
    expect(table.subcommandFlags(table.idOf('client'), 'nosuch')).toBeUndefined();
    expect(table.subcommandFlags(table.idOf('get'), 'x')).toBeUndefined();
    expect(table.subcommandFlags(table.idOf('client'), 'ID')).toBeDefined();
  });
});

describe('learn()', () => {
  test('a command of a module', () => {
    const own = new CommandTable();
    const id = own.learn('JSON.SET', ['write', 'denyoom', 'module']);
    expect(own.idOf('json.set')).toBe(id);
    expect(own.nameOf(id)).toBe('json.set');
    expect(names(own.flags[id]!)).toEqual(['Write']);
    expect(own.learn('json.set', ['write'])).toBe(id);
    expect(own.idOf('json.get')).toBe(0);
  });

  test('write wins over read-only, within a reply and over time', () => {
    const own = new CommandTable();
    const id = own.learn('m.both', ['readonly', 'write']);
    expect(names(own.flags[id]!)).toEqual(['Write']);
    const later = own.learn('m.later', ['readonly']);
    expect(names(own.flags[later]!)).toEqual(['ReadOnly']);
    own.learn('M.LATER', ['write']);
    expect(names(own.flags[later]!)).toEqual(['Write']);
    own.learn('PING', ['write']);
    expect(names(own.flags[own.idOf('ping')]!)).toEqual(['Write']);
  });

  test('is bounded', () => {
    const own = new CommandTable(3);
    for (const name of ['a.1', 'a.2', 'a.3']) own.learn(name, []);
    expect(() => own.learn('a.4', [])).toThrow(expect.objectContaining({ code: 'SEGUE_RESP_TABLE_FULL' }));
    expect(() => own.learn('a.4', [])).toThrow(RespError);
    expect(own.idOf('a.4')).toBe(0);
    expect(own.learn('a.2', [])).toBe(own.idOf('a.2'));
  });

  test('names that no lookup can find stay unknown', () => {
    const own = new CommandTable();
    expect(own.learn('', [])).toBe(0);
    expect(own.learn('x'.repeat(33), [])).toBe(0);
    expect(own.learn('a b', [])).toBe(0);
    expect(own.learn('a\0', [])).toBe(0);
    expect(own.learn('é', [])).toBe(0);
  });

  test('the table of the process is one, and holds all that may be learnt', () => {
    expect(CommandTable.standard()).toBe(CommandTable.standard());
    const own = new CommandTable();
    for (let i = 0; i < 1024; i++) own.learn(`module.command-${i}`, ['readonly']);
    expect(() => own.learn('one.more', [])).toThrow(RespError);
    for (let i = 0; i < 1024; i++) expect(own.nameOf(own.idOf(`MODULE.command-${i}`))).toBe(`module.command-${i}`);
    expect(own.nameOf(own.idOf('GET'))).toBe('get');
  });
});
