import { describe, expect, it } from 'vitest';
import { Ledger, note } from '../../../src/session/ledger.js';
import { Mark } from '../../../src/session/mark.js';
import { cursorSpot, isStamped, ScanCursors } from '../../../src/session/scan-cursors.js';

const SCAN = { is: 'scan', spot: 1 } as const;
const LARGEST = 2 ** 36 - 1;

/** A connection to `process`, and a ledger with one SCAN. */
function at(process: string | undefined, node = 'A'): { cursors: ScanCursors; ledger: Ledger } {
  const ledger = new Ledger();
  ledger.pushNoted(10, 0, note(SCAN));
  const cursors = new ScanCursors();
  cursors.arrived({ node, process });
  return { cursors, ledger };
}

function reply(cursor: string): Buffer {
  return Buffer.from(`*2\r\n$${cursor.length}\r\n${cursor}\r\n*1\r\n$1\r\nk\r\n`);
}

function given(process: string | undefined, cursor: string, node?: string): string {
  const { cursors, ledger } = at(process, node);
  return cursors.toClient(reply(cursor), 0, ledger).toString().split('\r\n')[2]!;
}

function sent(process: string | undefined, cursor: string, node?: string): string {
  const args = ['SCAN', cursor, 'COUNT', '7'].map((arg) => Buffer.from(arg));
  return at(process, node).cursors.toNode(args, 1).command.toString().split('\r\n')[4]!;
}

describe('cursors on their way', () => {
  it.each(['1', '42', '131057', String(LARGEST)])('%s comes back to its process as it was', (cursor) => {
    const stamped = given('p', cursor);
    expect(stamped).not.toBe(cursor);
    expect(Number.isSafeInteger(Number(stamped))).toBe(true);
    expect(isStamped(Buffer.from(stamped))).toBe(true);
    expect(sent('p', stamped)).toBe(cursor);
  });

  it('is 0 for another process', () => {
    expect(sent('q', given('p', '42'))).toBe('0');
  });

  it('belongs to the process, whatever the node is called', () => {
    expect(sent('p', given('p', '42', 'A'), 'B')).toBe('42');
  });

  it('belongs to the node where the process is not known', () => {
    expect(sent(undefined, given(undefined, '42'))).toBe('42');
    expect(sent(undefined, given(undefined, '42'), 'B')).toBe('0');
  });

  it('has the same stamp in every Segue', () => {
    expect(given('a4113274fe2adca3771acb4d39a11f56b4ad2403', '42')).toBe('1952732650930218');
  });

  it.each(['0', String(2 ** 36), '18446744073709551615', '0x10', '-1', ''])('"%s" is given as it is', (cursor) => {
    expect(given('p', cursor)).toBe(cursor);
  });

  it.each([
    '0',
    '1',
    String(LARGEST),
    '18446744073709551615',
    '9007199254740992',
    '09007199254740991',
    'abc',
    '-5',
    '',
  ])('"%s" has no stamp', (cursor) => expect(isStamped(Buffer.from(cursor))).toBe(false));

  it.each(['-ERR invalid cursor\r\n', '*0\r\n', '*2\r\n:1\r\n*0\r\n', '*3\r\n$1\r\n7\r\n*0\r\n:1\r\n'])(
    '%j is no answer with a cursor',
    (frame) => {
      const { cursors, ledger } = at('p');
      expect(cursors.toClient(Buffer.from(frame), 0, ledger).toString()).toBe(frame);
    },
  );

  it('is of nobody else once the process behind the node may be another', () => {
    const { cursors, ledger } = at('p');
    cursors.heard('p');
    cursors.heard(undefined);
    expect(cursors.toClient(reply('42'), 0, ledger).toString().split('\r\n')[2]).toBe(given('p', '42'));
    cursors.heard('q');
    const stamped = cursors.toClient(reply('42'), 0, ledger).toString().split('\r\n')[2]!;
    expect([sent('p', stamped), sent('q', stamped)]).toEqual(['0', '0']);
    const again = cursors.toNode([Buffer.from('SCAN'), Buffer.from(stamped)], 1);
    expect(again.command.toString()).toContain('\r\n42\r\n');
    expect(again.restarts).toBe(false);
  });
});

describe('cursors within EXEC', () => {
  it('are found behind what was not queued, and each by its place', () => {
    const ledger = new Ledger();
    const roles = [
      { is: 'multi' },
      { is: 'watch' },
      SCAN,
      undefined,
      { is: 'scan', spot: 2 },
      { is: 'exec', blind: false },
    ];
    for (const role of roles) {
      if (role === undefined) ledger.push(10, Mark.Transaction);
      else ledger.pushNoted(10, Mark.Transaction, note(role as Parameters<typeof note>[0]));
    }
    const cursors = new ScanCursors();
    cursors.arrived({ node: 'A', process: 'p' });
    cursors.taken(true);
    const frames = ['+OK', '-ERR WATCH inside MULTI is not allowed', '+QUEUED', '+QUEUED', '+QUEUED'];
    frames.forEach((frame, index) => {
      expect(cursors.toClient(Buffer.from(`${frame}\r\n`), index, ledger).toString()).toBe(`${frame}\r\n`);
    });
    const exec = Buffer.concat([Buffer.from('*3\r\n'), reply('5'), reply('6'), reply('0')]);
    expect(cursors.toClient(exec, 5, ledger).toString()).toBe(
      `*3\r\n${reply(given('p', '5'))}${reply('6')}${reply('0')}`,
    );
    expect(cursors.toClient(Buffer.from('*-1\r\n'), 5, ledger).toString()).toBe('*-1\r\n');
    expect(cursors.toClient(Buffer.from('_\r\n'), 5, ledger).toString()).toBe('_\r\n');
  });
});

it('only four commands have a cursor that a process keeps to itself', () => {
  expect(['scan', 'sscan', 'hscan', 'zscan', 'xautoclaim', 'get'].map(cursorSpot)).toEqual([
    1,
    2,
    2,
    2,
    undefined,
    undefined,
  ]);
});
