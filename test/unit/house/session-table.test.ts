import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandData } from '../../../src/resp/command-data.js';
import { kinds } from '../../../src/resp/command-kinds.js';
import { Fact, factsOfFlags } from '../../../src/resp/fact.js';
import { hasTest, sessionRows } from './session-page.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const rows = sessionRows(read('docs/session.md'));

type Command = readonly [name: string, flags: string];

/** Looked through by a person: they change a node or stop it, and leave the connection that sent them as it was. */
const CONCERNS_THE_NODE =
  'acl|deluser acl|load acl|log acl|save acl|setuser bgrewriteaof bgsave cluster|addslots cluster|addslotsrange ' +
  'cluster|bumpepoch cluster|cancelslotmigrations cluster|delslots cluster|delslotsrange cluster|failover cluster|flushslots ' +
  'cluster|forget cluster|meet cluster|migrateslots cluster|replicate cluster|reset cluster|saveconfig ' +
  'cluster|set-config-epoch cluster|setslot cluster|syncslots commandlog|reset config|resetstat config|rewrite config|set ' +
  'debug failover function|kill latency|reset memory|purge module|load module|loadex module|unload pfselftest replicaof save ' +
  'script|kill shutdown slaveof slowlog|reset';
const concernsTheNode = new Set(CONCERNS_THE_NODE.split(' '));

/** Their cursors outlive the command on the node alone. */
const hasCursor = (name: string) => name.endsWith('scan');

/**
 * Why a command needs no row, or undefined: it needs one. The flags tell it of plain reads and writes of data, command-kinds.ts
 * of what only answers; the rest has to be looked through by a person, so that nothing unknown passes.
 */
function exemption([name, flags]: Command): 'data' | 'answers' | 'node' | undefined {
  const parent = name.includes('|') ? (kinds.get(name.split('|')[0]!) ?? 0) & Fact.Script : 0;
  const facts = factsOfFlags(flags.split(' ')) | (kinds.get(name) ?? 0) | parent;
  if ((facts & (Fact.State | Fact.Subscription | Fact.Transaction | Fact.Blocking)) !== 0 || hasCursor(name))
    return undefined;
  if ((facts & Fact.Harmless) !== 0) return 'answers';
  if (concernsTheNode.has(name)) return 'node';
  if ((facts & (Fact.Script | Fact.PubSub)) !== 0) return undefined;
  return (facts & (Fact.Write | Fact.ReadOnly)) !== 0 ? 'data' : undefined;
}

/** Containers do nothing themselves; their subcommands do. */
function withoutContainers(commands: readonly Command[]): Command[] {
  const containers = new Set(commands.flatMap(([name]) => (name.includes('|') ? [name.split('|')[0]!] : [])));
  return commands.filter(([name]) => !containers.has(name));
}

function owedRows(commands: readonly Command[]): string[] {
  const described = new Set(rows.flatMap((row) => row.commands));
  return withoutContainers(commands)
    .filter((command) => exemption(command) === undefined && !described.has(command[0]))
    .map(([name]) => name);
}

describe('docs/session.md', () => {
  it('has a row for every published command that changes a connection', () => {
    expect(owedRows(commandData)).toEqual([]);
  });

  it.each([
    ['newcomer', ''],
    ['newcomer', 'admin'],
    ['newcomer', 'pubsub'],
    ['bnewcomer', 'write blocking'],
    ['newscan', 'readonly'],
    ['client|newcomer', ''],
    ['script|newcomer', ''],
  ])('would be owed a row for an unknown command: %s (%s)', (name, flags) => {
    expect(owedRows([...commandData, [name, flags]])).toEqual([name]);
  });

  it('names commands that exist, each as often as it has a case of its own', () => {
    const published = new Set(withoutContainers(commandData).map(([name]) => name));
    const unknown = rows.flatMap((row) => row.commands).filter((name) => !published.has(name));
    expect(unknown).toEqual([]);
    const heads = rows.map((row) => row.line.split(' | ')[0]);
    expect(new Set(heads).size).toBe(heads.length);
  });

  it('has rows of one form', () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.flatMap(({ line, faults }) => faults.map((fault) => `${fault}: ${line}`))).toEqual([]);
  });

  it('names tests that exist', () => {
    const missing = rows
      .flatMap((row) => row.tests)
      .filter(({ file, title }) => !existsSync(new URL(file, root)) || !hasTest(read(file), title));
    expect(missing).toEqual([]);
  });

  it.each([
    ['| `GET` | a | b | c |', 'has 4 cells, not 5'],
    ['| GET | a | b | c | `unit/x` › y |', 'names no command'],
    ['| `GET` | a |  | c | `unit/x` › y |', 'says nothing under "crash"'],
    ['| `GET` | a | b | c | some test |', 'names its test in another form: some test'],
  ])('would not take %s', (line, fault) => {
    expect(sessionRows(line)[0]!.faults).toContain(fault);
  });

  it('a group of tests is no test', () => {
    expect(hasTest("describe('x', () => {", 'x')).toBe(false);
    expect(hasTest("it.each([\n  1,\n])('x', (n) => {", 'x')).toBe(true);
    expect(hasTest("it(\n  'x',\n  async () => {", 'x')).toBe(true);
    expect(hasTest("expect(said).toBe('x');", 'x')).toBe(false);
  });
});

describe('the commands that were looked through', () => {
  it('are published, have no row, and are told by nothing else', () => {
    const flags = new Map(commandData);
    const described = new Set(rows.flatMap((row) => row.commands));
    for (const name of concernsTheNode) {
      expect(flags.has(name), name).toBe(true);
      expect(described.has(name), name).toBe(false);
      expect(exemption([name, flags.get(name)!]), name).toBe('node');
    }
  });
});
