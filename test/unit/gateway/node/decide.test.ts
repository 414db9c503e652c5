import { describe, expect, it } from 'vitest';
import { commandOf, type NatureRules } from '../../../../src/gateway/node/command.js';
import { ConnectionState } from '../../../../src/gateway/node/connection-state.js';
import { type Decision, decide, type Outlook } from '../../../../src/gateway/node/decide.js';
import { roleOf } from '../../../../src/gateway/node/role.js';
import type { Standing } from '../../../../src/gateway/node/standing.js';
import { CommandTable, encodeCommand } from '../../../../src/resp/index.js';

const table = new CommandTable();
const replica: Standing = { role: 'replica', primary: { host: 'a', port: 1 }, readOnly: true };
const writable: Standing = { ...replica, readOnly: false };

interface Given {
  readonly capa?: boolean;
  readonly readOnly?: boolean;
  readonly standing?: Standing;
  readonly verdict?: Standing | 'none';
  readonly silent?: boolean;
  readonly idle?: boolean;
  readonly strict?: boolean;
  /** Commands queued in an open transaction. */
  readonly queued?: readonly string[];
  readonly with?: (state: ConnectionState) => void;
}

function decided(line: string, given: Given = {}): string {
  const { standing = replica, strict = false } = given;
  const rules: NatureRules = { table, strict, ours: 'all' };
  const command = (text: string) => {
    const args = text.split(' ');
    return commandOf(rules, table.idOf(args[0]!), encodeCommand(args));
  };
  const state = new ConnectionState(false);
  state.capa = given.capa ?? true;
  state.identity.readOnly = given.readOnly ?? false;
  if (given.queued !== undefined) {
    const queued = given.queued.map((one) => ({ nature: command(one).nature, role: roleOf(command(one), false) }));
    state.transaction = { queued, spoiled: false, poisoned: false };
  }
  given.with?.(state);
  const known = given.verdict ?? standing;
  const outlook: Outlook = {
    standing,
    verdict: known === 'none' ? undefined : { standing: known, silent: given.silent ?? false },
    idle: given.idle ?? true,
  };
  return text(decide(state, command(line), roleOf(command(line), false), outlook));
}

function text(decision: Decision): string {
  switch (decision.do) {
    case 'wait':
      return `wait for ${decision.for}`;
    case 'discard':
      return `discard: ${decision.saying}`;
    case 'forward':
      return decision.instead === undefined ? 'forward' : `instead ${String(decision.instead).split('\r\n')[4]}`;
    default:
      return decision.do;
  }
}

const cases: readonly (readonly [command: string, given: Given, decision: string])[] = [
  // A primary serves everything, and so does any node for those who did not announce themselves.
  ['GET k', { standing: { role: 'primary' } }, 'forward'],
  ['SET k v', { standing: { role: 'primary' } }, 'forward'],
  ['GET k', { capa: false }, 'forward'],
  ['CLIENT CAPA redirect', { capa: false }, 'instead ID'],
  ['CLIENT REPLY OFF', { capa: false }, 'instead REPLY'],
  ['CLIENT REPLY nonsense', { capa: false }, 'forward'],
  // On a replica: the node refuses writes by itself, after all its other checks; reads it only checks.
  ['SET k v', {}, 'forward'],
  ['GET k', {}, 'wrap'],
  ['PING', {}, 'forward'],
  ['PING', { idle: false }, 'forward'],
  ['GET k', { idle: false }, 'wait for answers'],
  ['SELECT 1', { idle: false }, 'wait for answers'],
  ['GET k', { readOnly: true, idle: false }, 'forward'],
  ['SET k v', { readOnly: true }, 'forward'],
  ['SET k v', { standing: writable }, 'wrap'],
  // What the node is must have been said after the command came.
  ['GET k', { verdict: 'none' }, 'wait for verdict'],
  ['SET k v', { standing: { role: 'unknown' }, verdict: 'none' }, 'wait for verdict'],
  ['SET k v', { standing: { role: 'failing-over' }, verdict: 'none' }, 'wait for verdict'],
  ['GET k', { standing: { role: 'unknown' }, verdict: { role: 'primary' } }, 'forward'],
  ['GET k', { standing: { role: 'unknown' }, verdict: { role: 'unknown' }, silent: true }, 'forward'],
  // A node that does not answer is not asked.
  ['GET k', { silent: true }, 'answer'],
  ['SET k v', { silent: true }, 'answer'],
  // MULTI around it would end a WATCH, and may be refused.
  ['GET k', { with: (state) => (state.watching = true) }, 'judge'],
  ['GET k', { with: (state) => (state.refusesMulti = true) }, 'answer'],
  ['PUBLISH c m', { strict: true, with: (state) => (state.watching = true) }, 'answer'],
  // Strict mode.
  ['PUBLISH c m', {}, 'forward'],
  ['PUBLISH c m', { strict: true }, 'wrap'],
  ['EVAL x 0', { strict: true, readOnly: true }, 'wrap'],
  ['WAIT 1 0', { strict: true }, 'wrap'],
  // Transactions.
  ['GET k', { queued: [] }, 'judge'],
  ['SET k v', { queued: [] }, 'forward'],
  ['SET k v', { queued: [], standing: writable }, 'judge'],
  ['EXEC', {}, 'forward'],
  ['EXEC', { queued: ['PING'] }, 'forward'],
  ['EXEC', { queued: ['GET k'] }, 'discard: redirect'],
  ['EXEC', { queued: ['GET k'], readOnly: true }, 'forward'],
  ['EXEC', { queued: ['PING', 'SET k v'] }, 'forward'],
  ['EXEC', { queued: ['SET k v'], standing: writable }, 'discard: redirect'],
  ['EXEC', { queued: ['SET k v'], verdict: 'none' }, 'wait for verdict'],
  ['EXEC', { queued: ['PUBLISH c m'] }, 'forward'],
  ['EXEC', { queued: ['PUBLISH c m'], strict: true }, 'discard: redirect'],
  ['EXEC', { queued: ['GET k'], with: (state) => (state.watching = true) }, 'inspect'],
  ['EXEC', { queued: [], with: (state) => (state.transaction!.poisoned = true) }, 'discard: abort'],
  ['EXEC', { queued: ['GET k'], with: (state) => (state.transaction!.spoiled = true) }, 'forward'],
  ['EXEC', { queued: ['SET k v'], with: (state) => (state.blind = true) }, 'discard: nil'],
  ['EXEC x', { queued: ['GET k'] }, 'forward'],
  ['DISCARD', { queued: ['GET k'] }, 'forward'],
];

describe('decide', () => {
  it.each(cases)('%s with %j: %s', (command, given, decision) => {
    expect(decided(command, given)).toBe(decision);
  });
});

describe('the nature of commands', () => {
  const nature = (line: string, rules: Partial<NatureRules> = {}) => {
    const args = line.split(' ');
    return commandOf({ table, strict: false, ours: 'all', ...rules }, table.idOf(args[0]!), encodeCommand(args)).nature;
  };

  it('follows from the flags, also of subcommands', () => {
    expect(
      ['GET k', 'SORT k', 'XINFO STREAM s', 'FUNCTION LOAD x', 'FUNCTION LIST', 'nosuch'].map((one) => nature(one)),
    ).toEqual(['read', 'write', 'read', 'write', 'local', 'local']);
    expect(nature('XINFO')).toBe('local');
  });

  it('is asked only where no slot decides, in a cluster', () => {
    expect(['GET k', 'DBSIZE', 'FLUSHALL'].map((one) => nature(one, { ours: 'keyless' }))).toEqual([
      'local',
      'read',
      'write',
    ]);
    expect(nature('DBSIZE', { ours: 'none' })).toBe('local');
  });
});
