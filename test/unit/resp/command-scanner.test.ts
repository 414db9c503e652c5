import { describe, expect, test } from 'vitest';
import { CommandScanner, CommandTable, encodeCommand, RespError } from '../../../src/resp/index.js';
import { shown, traceCommands, waysToCut } from './cuts.js';

const rows: [bytes: string, ...what: string[]][] = [
  ['*1\r\n$4\r\nPING\r\n', 'ping 1'],
  ['*2\r\n$3\r\nget\r\n$1\r\na\r\n', 'get 2'],
  ['*2\r\n$3\r\nGeT\r\n$0\r\n\r\n', 'get 2'],
  [`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$500\r\n${'x'.repeat(500)}\r\n`, 'set 3'],
  ['*3\r\n$3\r\nSET\r\n$4\r\n\r\n*1\r\n$2\r\n\r\n\r\n', 'set 3'],
  ['*1\r\n$6\r\nNOSUCH\r\n', '? 1'],
  ['*1\r\n$0\r\n\r\n', '? 1'],
  [`*1\r\n$33\r\n${'g'.repeat(33)}\r\n`, '? 1'],
  [`*2\r\n$400\r\n${'g'.repeat(400)}\r\n$3\r\nget\r\n`, '? 2'],
  // Hashes may meet, bytes decide: a name with a byte that folds to a letter only by its 6th bit.
  ['*1\r\n$3\r\n\x07\x05\x14\r\n', '? 1'],
  ['*1\r\n$2\r\nge\r\n', '? 1'],
  ['*1\r\n$4\r\ngets\r\n', '? 1'],
  ['*1\r\n$7\r\neval_ro\r\n', 'eval_ro 1'],
  ['*0\r\n', '? 0'],
  ['*-1\r\n', '? 0'],
  ['*-7\r\n', '? 0'],
  ['\r\n', '? 0 inline'],
  ['\n', '? 0 inline'],
  ['  \t \r\n', '? 0 inline'],
  ['PING\r\n', 'ping 1 inline'],
  ['ping\n', 'ping 1 inline'],
  ['  SET a  b\t\r\n', 'set 3 inline'],
  ['"SET" a "b c"\r\n', 'set 3 inline'],
  ['\'GET\' "a\\"b\\x41\\n"\r\n', 'get 2 inline'],
  ['G"ET" a\r\n', 'get 2 inline'],
  [`GET ${'k'.repeat(400)}\r\n`, 'get 2 inline'],
  ['$3\r\n', '? 1 inline'],
];

const malformed: [bytes: string, code: string][] = [
  ['*\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*a\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*1\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*1\rx', 'SEGUE_RESP_BAD_LENGTH'],
  ['*?\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*1\r\n:1\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['*1\r\n+PING\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['*1\r\n*1\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['*1\r\n$-1\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*1\r\n$4x\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*1\r\n$4\r\nPINGx\r\n', 'SEGUE_RESP_BAD_BULK'],
  ['*1\r\n$4\r\nPING\r\r', 'SEGUE_RESP_BAD_BULK'],
  ['*2\r\n$4\r\nECHO\r\n$1\r\nabc', 'SEGUE_RESP_BAD_BULK'],
  ['GET "a\r\n', 'SEGUE_RESP_UNBALANCED_QUOTES'],
  ['GET "a"b\r\n', 'SEGUE_RESP_UNBALANCED_QUOTES'],
  ["GET 'a\r\n", 'SEGUE_RESP_UNBALANCED_QUOTES'],
  ['GET "a\\\r\n', 'SEGUE_RESP_UNBALANCED_QUOTES'],
  ['PING\0x\r\n', 'SEGUE_RESP_BAD_LINE'],
];

describe('any cutting gives the same commands', () => {
  test.each(rows.map(([bytes, what]) => [shown(bytes), what!, bytes]))('%s is %s', (_, what, row) => {
    const bytes = Buffer.from(`*1\r\n$4\r\nQUIT\r\n${row}QUIT\r\n`, 'latin1');
    const expected = {
      ends: ['quit 1 14', `${what} ${bytes.length - 6}`, `quit 1 inline ${bytes.length}`],
      open: false,
    };
    for (const cuts of waysToCut(bytes.length, 1))
      expect(traceCommands(bytes, cuts), `cut at ${cuts}`).toEqual(expected);
  });

  test.each(malformed.map(([bytes, code]) => [shown(bytes), code, bytes]))('%s is refused with %s', (_, code, row) => {
    const bytes = Buffer.from(`*1\r\n$4\r\nPING\r\n${row}`);
    const expected = { ends: ['ping 1 14'], error: code, open: true };
    for (const cuts of waysToCut(bytes.length, 2))
      expect(traceCommands(bytes, cuts), `cut at ${cuts}`).toEqual(expected);
  });
});

describe('limits', () => {
  const limits = { commandBytesMax: 60, argumentsMax: 4, inlineBytesMax: 20 };
  const rows: [bytes: string, code: string | undefined][] = [
    ['*4\r\n$4\r\nMGET\r\n$1\r\na\r\n$1\r\na\r\n$1\r\na\r\n', undefined],
    ['*5\r\n', 'SEGUE_RESP_TOO_MANY_ARGUMENTS'],
    ['*99999999999999999999\r\n', 'SEGUE_RESP_TOO_MANY_ARGUMENTS'],
    [`*${'0'.repeat(21)}`, 'SEGUE_RESP_BAD_LENGTH'],
    [`*2\r\n$4\r\nECHO\r\n$40\r\n${'x'.repeat(40)}\r\n`, 'SEGUE_RESP_COMMAND_TOO_LARGE'],
    [`*2\r\n$4\r\nECHO\r\n$39\r\n${'x'.repeat(39)}\r\n`, undefined],
    ['*1\r\n$999999999\r\n', 'SEGUE_RESP_COMMAND_TOO_LARGE'],
    [`GET ${'x'.repeat(16)}\r\n`, undefined],
    [`GET ${'x'.repeat(17)}\r\n`, 'SEGUE_RESP_INLINE_TOO_LONG'],
    [`GET ${'x'.repeat(18)}`, 'SEGUE_RESP_INLINE_TOO_LONG'],
  ];
  test.each(rows.map(([bytes, code]) => [shown(bytes), code ?? 'no error', bytes, code]))(
    '%s: %s',
    (_, __, row, code) => {
      const bytes = Buffer.from(row!);
      for (const cuts of waysToCut(bytes.length, 3))
        expect(traceCommands(bytes, cuts, limits).error, `cut at ${cuts}`).toBe(code);
    },
  );

  test('a large argument is skipped over many calls', () => {
    const scanner = new CommandScanner(new CommandTable());
    const head = Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$200000000\r\n');
    expect(scanner.next(head, 0, head.length)).toBe(-1);
    const block = Buffer.alloc(1_000_000);
    for (let i = 0; i < 200; i++) expect(scanner.next(block, 0, block.length)).toBe(-1);
    expect(scanner.midCommand).toBe(true);
    expect(scanner.next(Buffer.from('\r\n*'), 0, 3)).toBe(2);
    expect(scanner).toMatchObject({ argc: 3, inline: false, midCommand: false });
  });
});

test('a failure stays until reset()', () => {
  const scanner = new CommandScanner(new CommandTable());
  const good = encodeCommand(['GET', 'a']);
  expect(() => scanner.next(Buffer.from('*x'), 0, 2)).toThrow(RespError);
  expect(() => scanner.next(good, 0, good.length)).toThrow(expect.objectContaining({ code: 'SEGUE_RESP_BAD_LENGTH' }));
  scanner.reset();
  expect(scanner.next(good, 0, 5)).toBe(-1);
  expect(scanner.midCommand).toBe(true);
  scanner.reset();
  expect(scanner.midCommand).toBe(false);
  expect(scanner.next(good, 0, good.length)).toBe(good.length);
});

test('what was learnt is known by the next command', () => {
  const table = new CommandTable();
  const scanner = new CommandScanner(table);
  const bytes = encodeCommand(['FT.SEARCH', 'idx', '*']);
  scanner.next(bytes, 0, bytes.length);
  expect(scanner.id).toBe(0);
  const id = table.learn('ft.search', ['readonly']);
  scanner.next(bytes, 0, bytes.length);
  expect(scanner.id).toBe(id);
});
