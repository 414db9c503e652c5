import { describe, expect, it } from 'vitest';
import type { Nature } from '../../../../src/gateway/node/command.js';
import { ConnectionState } from '../../../../src/gateway/node/connection-state.js';
import type { Expectation } from '../../../../src/gateway/node/expectations.js';
import { PLAIN, type Role } from '../../../../src/gateway/node/role.js';
import { type Ruling, settle } from '../../../../src/gateway/node/settle.js';

const READONLY = "-READONLY You can't write against a read only replica.\r\n";
const IN_SCRIPT = "-READONLY You can't write against a read only replica. script: abc, on @user_script:1.\r\n";
const UNBLOCKED = '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n';
const ABORTED = `-EXECABORT Transaction discarded because of: ${READONLY.slice(1)}`;
const LOADING = '-LOADING Valkey is loading the dataset in memory\r\n';

interface Given {
  readonly capa?: boolean;
  readonly readOnly?: boolean;
  readonly primary?: boolean;
  readonly state?: ConnectionState;
}

function ruled(expected: Expectation, frame: string, given: Given = {}): string {
  const state = given.state ?? new ConnectionState(false);
  if (given.state === undefined) state.capa = given.capa ?? true;
  if (given.readOnly === true) state.identity.readOnly = true;
  const context = { state, primary: given.primary ?? true, strict: false, capable: new Set<string>() };
  return told(settle(context, expected, Buffer.from(frame)));
}

function told(ruling: Ruling): string {
  return ruling.give === 'bytes' ? String(ruling.bytes) : ruling.give;
}

const reply = (nature: Nature, role: Role = PLAIN): Expectation => ({ as: 'reply', nature, role });
const script = (headed: boolean | undefined): Expectation => reply('local', { is: 'script', headed });

const cases: readonly (readonly [name: string, Expectation, frame: string, Given, ruling: string])[] = [
  ['a value', reply('read'), '$1\r\nv\r\n', {}, '$1\r\nv\r\n'],
  ['a value from a node that may be none any more', reply('read'), '$1\r\nv\r\n', { primary: false }, 'verdict'],
  ['the same with RO', reply('read'), '$1\r\nv\r\n', { primary: false, readOnly: true }, '$1\r\nv\r\n'],
  ['the same without capa', reply('read'), '$1\r\nv\r\n', { primary: false, capa: false }, '$1\r\nv\r\n'],
  ['a refused write', reply('write'), READONLY, {}, 'redirect'],
  ['a refused write of a plain client', reply('write'), READONLY, { capa: false }, READONLY],
  ['a script that was refused as a whole', script(true), READONLY, {}, 'redirect'],
  ['a script of which only the digest is known', script(undefined), READONLY, {}, 'redirect'],
  ['a script that caught the refusal', script(false), READONLY, {}, READONLY],
  ['a refusal within a script', script(undefined), IN_SCRIPT, {}, IN_SCRIPT],
  ['the same in strict mode', reply('stray', { is: 'script', headed: false }), IN_SCRIPT, {}, 'redirect'],
  ['an error that looks like one', reply('write'), '-READONLY made up\r\n', {}, '-READONLY made up\r\n'],
  ['thrown out of a wait', reply('write', { is: 'blocking' }), UNBLOCKED, {}, 'rejoin'],
  ['WAIT thrown out', reply('local', { is: 'blocking' }), UNBLOCKED, {}, UNBLOCKED],
  [
    'CLIENT UNBLOCK',
    reply('write'),
    '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n',
    {},
    '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n',
  ],
  ['loading', reply('read'), LOADING, {}, 'verdict'],
  ['loading, with RO', reply('read'), LOADING, { readOnly: true }, LOADING],
  ['out of memory', reply('write'), '-OOM no\r\n', {}, 'verdict'],
  ['an error of the command', reply('write'), '-WRONGTYPE no\r\n', {}, '-WRONGTYPE no\r\n'],
  [
    'READONLY accepted by Redis',
    reply('local', { is: 'readonly', on: true }),
    '-ERR This instance has cluster support disabled\r\n',
    {},
    '+OK\r\n',
  ],
  ['READONLY refused', reply('local', { is: 'readonly', on: true }), '-NOPERM no\r\n', {}, '-NOPERM no\r\n'],
  ['CLIENT CAPA', reply('local', { is: 'capa', known: true }), ':7\r\n', {}, '+OK\r\n'],
  [
    'CLIENT CAPA denied',
    reply('local', { is: 'capa', known: true }),
    "-NOPERM the 'client|id' command\r\n",
    {},
    "-NOPERM the 'client|capa' command\r\n",
  ],
  ['a command that was only checked', { as: 'judged' }, '+QUEUED\r\n', {}, 'redirect'],
  [
    'its own error',
    { as: 'judged' },
    "-ERR wrong number of arguments for 'get' command\r\n",
    {},
    "-ERR wrong number of arguments for 'get' command\r\n",
  ],
  ['an error that REDIRECT wins over', { as: 'judged' }, LOADING, {}, 'redirect'],
  ['a DISCARD for an EXEC', { as: 'discarded', saying: 'redirect' }, '+OK\r\n', {}, 'redirect'],
  [
    'the same, aborted',
    { as: 'discarded', saying: 'abort' },
    '+OK\r\n',
    {},
    '-EXECABORT Transaction discarded because of previous errors.\r\n',
  ],
  ['the same, nil', { as: 'discarded', saying: 'nil' }, '+OK\r\n', {}, '*-1\r\n'],
];

describe('settle', () => {
  it.each(cases)('%s', (_name, expected, frame, given, ruling) => {
    expect(ruled(expected, frame, given)).toBe(ruling);
  });

  it('knows what EXEC answers', () => {
    const begin = () => {
      const state = new ConnectionState(false);
      state.capa = true;
      ruled(reply('local', { is: 'multi' }), '+OK\r\n', { state });
      return state;
    };
    const exec = reply('local', { is: 'exec' });
    const queue = (state: ConnectionState, expected: Expectation) => ruled(expected, '+QUEUED\r\n', { state });

    const refused = begin();
    queue(refused, reply('write'));
    expect(ruled(exec, ABORTED, { state: refused })).toBe('redirect');
    expect(refused.transaction).toBeUndefined();

    const spoiled = begin();
    queue(spoiled, reply('write'));
    expect(ruled(reply('write'), READONLY, { state: spoiled })).toBe('redirect');
    expect(ruled(exec, ABORTED, { state: spoiled })).toContain('because of previous errors');

    const reads = begin();
    queue(reads, reply('read'));
    expect(ruled(exec, '*1\r\n$-1\r\n', { state: reads, primary: false })).toBe('verdict');

    const mixed = begin();
    queue(mixed, reply('local', { is: 'readonly', on: true }));
    queue(mixed, reply('local', { is: 'capa', known: true }));
    queue(mixed, reply('read'));
    const answers = '*3\r\n-ERR This instance has cluster support disabled\r\n:7\r\n$1\r\nv\r\n';
    expect(ruled(exec, answers, { state: mixed })).toBe('*3\r\n+OK\r\n+OK\r\n$1\r\nv\r\n');
    expect(mixed.readOnly).toBe(true);
    expect(mixed.nodeId).toBe('7');
  });

  it('keeps the capability over RESET, and READONLY not', () => {
    const state = new ConnectionState(false);
    ruled(reply('local', { is: 'capa', known: true }), ':7\r\n', { state });
    ruled(reply('local', { is: 'readonly', on: true }), '+OK\r\n', { state });
    expect(state.readOnly).toBe(true);
    ruled(reply('local', { is: 'reset' }), '+RESET\r\n', { state });
    expect([state.capa, state.readOnly]).toEqual([true, false]);
  });

  it('SKIP means nothing while all answers are off', () => {
    const state = new ConnectionState(false);
    for (const mode of ['off', 'skip'] as const) {
      expect(ruled(reply('local', { is: 'reply', mode }), '+OK\r\n', { state })).toBe('nothing');
    }
    expect(state.reply).toBe('off');
    expect(ruled(reply('local', { is: 'reply', mode: 'on' }), '+OK\r\n', { state })).toBe('+OK\r\n');
  });
});
