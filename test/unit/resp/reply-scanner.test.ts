import { describe, expect, test } from 'vitest';
import { ReplyScanner, RespError, Stop } from '../../../src/resp/index.js';
import { shown, traceReplies, waysToCut } from './cuts.js';

const long = 'x'.repeat(500);

/** One frame each, plain at top level. */
const frames = [
  '+OK\r\n',
  '+\r\n',
  `+${long}\r\n`,
  '+a\rb\r\n',
  ':0\r\n',
  ':-12345\r\n',
  ':+7\r\n',
  ':9223372036854775807\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '(-1\r\n',
  ',3.14\r\n',
  ',-inf\r\n',
  ',inf\r\n',
  ',nan\r\n',
  ',1.5e-10\r\n',
  '#t\r\n',
  '#f\r\n',
  '_\r\n',
  '$0\r\n\r\n',
  '$3\r\nabc\r\n',
  '$2\r\n\r\n\r\n',
  '$-1\r\n',
  '$5\r\n$3\r\na\r\n',
  `$500\r\n${long}\r\n`,
  '=8\r\ntxt:some\r\n',
  '*0\r\n',
  '*-1\r\n',
  '*1\r\n:1\r\n',
  '*3\r\n+a\r\n$-1\r\n*2\r\n:1\r\n-ERR nested\r\n',
  '*2\r\n!5\r\nERR x\r\n#t\r\n',
  '*1\r\n*1\r\n*1\r\n*0\r\n',
  '*2\r\n*-1\r\n*0\r\n',
  '~2\r\n+a\r\n+b\r\n',
  '%0\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n%1\r\n_\r\n,1\r\n',
  '*2\r\n|1\r\n+ttl\r\n:3600\r\n:1\r\n:2\r\n',
  '*1\r\n|1\r\n+k\r\n*2\r\n:1\r\n:2\r\n|0\r\n:1\r\n',
  // MULTI, SUBSCRIBE, EXEC under RESP3: the push takes the place of an answer.
  '*1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n',
  '$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n',
  '$?\r\n;0\r\n',
  '*?\r\n:1\r\n:2\r\n.\r\n',
  '*?\r\n.\r\n',
  '~?\r\n+a\r\n.\r\n',
  '%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n',
  '%?\r\n.\r\n',
  '*?\r\n*2\r\n:1\r\n:2\r\n*?\r\n*0\r\n.\r\n%1\r\n+a\r\n*?\r\n.\r\n.\r\n',
  '*2\r\n*?\r\n*1\r\n$?\r\n;1\r\na\r\n;0\r\n.\r\n:1\r\n',
  '*2\r\n|?\r\n+k\r\n+v\r\n.\r\n:1\r\n:2\r\n',
  '%?\r\n|1\r\n+x\r\n+y\r\n+a\r\n:1\r\n.\r\n',
];

const special = [
  '-ERR unknown\r\n',
  '-\r\n',
  `-ERR ${long}\r\n`,
  '!21\r\nSYNTAX invalid syntax\r\n',
  '!0\r\n\r\n',
  '>2\r\n+message\r\n$1\r\na\r\n',
  '>0\r\n',
  '>?\r\n+a\r\n.\r\n',
  '|1\r\n+ttl\r\n:3600\r\n:1\r\n',
  '|1\r\n+a\r\n+b\r\n|1\r\n+c\r\n*1\r\n:1\r\n*2\r\n:1\r\n:2\r\n',
  '|1\r\n+a\r\n:1\r\n-ERR with an attribute\r\n',
  '|?\r\n+a\r\n:1\r\n.\r\n$1\r\na\r\n',
];

/** A good frame, then something that is none. */
const malformed: [bytes: string, code: string][] = [
  ['x\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['\0', 'SEGUE_RESP_BAD_TYPE'],
  ['*1\r\n@', 'SEGUE_RESP_BAD_TYPE'],
  ['.\r\n', 'SEGUE_RESP_BAD_STREAM'],
  [';1\r\na\r\n', 'SEGUE_RESP_BAD_TYPE'],
  ['+OK\n', 'SEGUE_RESP_BAD_LINE'],
  ['+\n', 'SEGUE_RESP_BAD_LINE'],
  [`+${long}\n`, 'SEGUE_RESP_BAD_LINE'],
  [':\r\n', 'SEGUE_RESP_BAD_LINE'],
  [':-\r\n', 'SEGUE_RESP_BAD_LINE'],
  [':1-\r\n', 'SEGUE_RESP_BAD_LINE'],
  [':12a\r\n', 'SEGUE_RESP_BAD_LINE'],
  [':12\n', 'SEGUE_RESP_BAD_LINE'],
  [':12\r:', 'SEGUE_RESP_BAD_LINE'],
  ['(\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['(1.5\r\n', 'SEGUE_RESP_BAD_LINE'],
  [',\r\n', 'SEGUE_RESP_BAD_LINE'],
  [',x\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['#\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['#x\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['#tt\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['_x\r\n', 'SEGUE_RESP_BAD_LINE'],
  ['$\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$3a\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$+3\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$ 3\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$3\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$3\rx', 'SEGUE_RESP_BAD_LENGTH'],
  ['$-2\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$-\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$-1x', 'SEGUE_RESP_BAD_LENGTH'],
  ['$?3\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$1?\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  [`$${'0'.repeat(21)}`, 'SEGUE_RESP_BAD_LENGTH'],
  ['=-1\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['=?\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['!-1\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['%-1\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['~-1\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*-2\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['$3\r\nabcd\r\n', 'SEGUE_RESP_BAD_BULK'],
  ['$3\r\nab\r\n\r', 'SEGUE_RESP_BAD_BULK'],
  ['$3\r\nabc\rx', 'SEGUE_RESP_BAD_BULK'],
  ['$0\r\n\n\r', 'SEGUE_RESP_BAD_BULK'],
  ['$?\r\n$1\r\na\r\n', 'SEGUE_RESP_BAD_STREAM'],
  ['$?\r\n;1\r\nab', 'SEGUE_RESP_BAD_BULK'],
  ['$?\r\n;?\r\n', 'SEGUE_RESP_BAD_LENGTH'],
  ['*?\r\n*2\r\n:1\r\n.\r\n', 'SEGUE_RESP_BAD_STREAM'],
  ['*?\r\n|1\r\n+a\r\n+b\r\n.\r\n', 'SEGUE_RESP_BAD_STREAM'],
  ['%?\r\n+a\r\n.\r\n', 'SEGUE_RESP_BAD_STREAM'],
  ['*?\r\n.x', 'SEGUE_RESP_BAD_LINE'],
];

describe('any cutting gives the same frames', () => {
  test.each(frames.map((bytes) => [shown(bytes), bytes]))('%s is one plain frame', (_, frame) => {
    const bytes = Buffer.from(`+a\r\n${frame}:1\r\n`);
    const expected = { ends: [`plain ×3 ${bytes.length}`], open: false };
    for (const cuts of waysToCut(bytes.length, 1))
      expect(traceReplies(bytes, cuts), `cut at ${cuts}`).toEqual(expected);
  });

  test.each(special.map((bytes) => [shown(bytes), bytes]))('%s stops the count and is finished alone', (_, frame) => {
    const bytes = Buffer.from(`+a\r\n${frame}:1\r\n`);
    const expected = { ends: ['plain ×1 4', `special ${bytes.length - 4}`, `plain ×1 ${bytes.length}`], open: false };
    for (const cuts of waysToCut(bytes.length, 2))
      expect(traceReplies(bytes, cuts), `cut at ${cuts}`).toEqual(expected);
  });

  test.each(malformed.map(([bytes, code]) => [shown(bytes), code, bytes]))('%s is refused with %s', (_, code, bad) => {
    const bytes = Buffer.from(`+a\r\n$1\r\nb\r\n${bad}`);
    const expected = { ends: ['plain ×2 11'], error: code, open: true };
    for (const cuts of waysToCut(bytes.length, 3))
      expect(traceReplies(bytes, cuts), `cut at ${cuts}`).toEqual(expected);
  });

  test('all frames in a row, stopping after each third', () => {
    const bytes = Buffer.from(frames.join(''));
    const expected = { ends: [`plain ×${frames.length} ${bytes.length}`], open: false };
    for (const cuts of waysToCut(bytes.length, 4))
      expect(traceReplies(bytes, cuts, {}, 3), `cut at ${cuts}`).toEqual(expected);
  });
});

describe('limits', () => {
  const limits = { bulkBytesMax: 10, lineBytesMax: 40, depthMax: 2, elementsMax: 8 };
  const rows: [bytes: string, code: string | undefined][] = [
    ['$10\r\n0123456789\r\n', undefined],
    ['$11\r\n', 'SEGUE_RESP_BULK_TOO_LARGE'],
    ['$99999999999999999999\r\n', 'SEGUE_RESP_BULK_TOO_LARGE'],
    ['=11\r\n', 'SEGUE_RESP_BULK_TOO_LARGE'],
    ['$?\r\n;6\r\n012345\r\n;5\r\n', 'SEGUE_RESP_BULK_TOO_LARGE'],
    [`+${'x'.repeat(40)}\r\n`, undefined],
    [`+${'x'.repeat(41)}\r\n`, 'SEGUE_RESP_LINE_TOO_LONG'],
    [`+${'x'.repeat(42)}`, 'SEGUE_RESP_LINE_TOO_LONG'],
    [`:${'1'.repeat(40)}\r\n`, undefined],
    [`:${'1'.repeat(42)}`, 'SEGUE_RESP_LINE_TOO_LONG'],
    [`:${'1'.repeat(41)}\r\n`, 'SEGUE_RESP_LINE_TOO_LONG'],
    [`*8\r\n${':1\r\n'.repeat(8)}`, undefined],
    ['*9\r\n', 'SEGUE_RESP_TOO_MANY_ELEMENTS'],
    ['%5\r\n', 'SEGUE_RESP_TOO_MANY_ELEMENTS'],
    ['*8\r\n*2\r\n', 'SEGUE_RESP_TOO_MANY_ELEMENTS'],
    ['*?\r\n*?\r\n.\r\n.\r\n', undefined],
    ['*?\r\n*?\r\n*?\r\n', 'SEGUE_RESP_TOO_DEEP'],
  ];
  test.each(rows.map(([bytes, code]) => [shown(bytes), code ?? 'no error', bytes, code]))(
    '%s: %s',
    (_, __, row, code) => {
      const bytes = Buffer.from(row!);
      for (const cuts of waysToCut(bytes.length, 5))
        expect(traceReplies(bytes, cuts, limits).error, `cut at ${cuts}`).toBe(code);
    },
  );

  test('a header that no server sends is refused by default', () => {
    expect(traceReplies(Buffer.from('*9999999999\r\n'), []).error).toBe('SEGUE_RESP_TOO_MANY_ELEMENTS');
    expect(traceReplies(Buffer.from('$536870913\r\n'), []).error).toBe('SEGUE_RESP_BULK_TOO_LARGE');
  });

  test('an error line is bounded when a special frame is finished', () => {
    const bytes = Buffer.from(`-${'x'.repeat(42)}`);
    for (const cuts of waysToCut(bytes.length, 6)) {
      expect(traceReplies(bytes, cuts, limits).error).toBe('SEGUE_RESP_LINE_TOO_LONG');
    }
  });

  test('a large body is skipped over many calls, without being kept', () => {
    const scanner = new ReplyScanner();
    const header = Buffer.from('$300000000\r\n');
    expect(scanner.scan(header, 0, header.length, 10)).toBe(header.length);
    const block = Buffer.alloc(1_000_000);
    for (let i = 0; i < 300; i++) {
      expect(scanner.scan(block, 0, block.length, 10)).toBe(block.length);
      expect(scanner.midFrame).toBe(true);
    }
    expect(scanner.scan(Buffer.from('\r\n+'), 0, 3, 10)).toBe(3);
    expect(scanner.frames).toBe(1);
    expect(scanner.boundary).toBe(2);
  });

  test('nested fixed arrays need no memory, however deep', () => {
    const bytes = Buffer.from(`${'*1\r\n'.repeat(100_000)}:1\r\n`);
    expect(traceReplies(bytes, [])).toEqual({ ends: [`plain ×1 ${bytes.length}`], open: false });
  });
});

describe('what scan() tells', () => {
  const scanner = new ReplyScanner();
  const bytes = Buffer.from('+a\r\n+b\r\n+c\r\n-ERR\r\n+d');

  test('Limit, Special, Exhausted, and where', () => {
    expect(scanner.scan(bytes, 0, bytes.length, 2)).toBe(8);
    expect(scanner).toMatchObject({ stop: Stop.Limit, frames: 2, boundary: 8, midFrame: false });
    expect(scanner.scan(bytes, 8, bytes.length, 9)).toBe(12);
    expect(scanner).toMatchObject({ stop: Stop.Special, frames: 1, boundary: 12, midFrame: false });
    expect(scanner.finish(bytes, 12, bytes.length)).toBe(18);
    expect(scanner).toMatchObject({ stop: Stop.Special, frames: 1, boundary: 12, midFrame: false });
    expect(scanner.scan(bytes, 18, bytes.length, 9)).toBe(20);
    expect(scanner).toMatchObject({ stop: Stop.Exhausted, frames: 0, boundary: 18, midFrame: true });
    expect(scanner.scan(Buffer.from('\r\n'), 0, 2, 1)).toBe(2);
    expect(scanner).toMatchObject({ stop: Stop.Limit, frames: 1, boundary: 2, midFrame: false });
  });

  test('no bytes, and no frames asked for', () => {
    expect(scanner.scan(bytes, 3, 3, 1)).toBe(3);
    expect(scanner).toMatchObject({ stop: Stop.Exhausted, frames: 0, boundary: 3 });
    expect(scanner.scan(bytes, 0, 8, 0)).toBe(0);
    expect(scanner).toMatchObject({ stop: Stop.Limit, frames: 0, boundary: 0 });
    expect(scanner.finish(bytes, 4, 4)).toBe(-1);
    expect(scanner.midFrame).toBe(false);
  });

  test('finish() takes plain frames too, and goes on with one that scan() has begun', () => {
    expect(scanner.finish(bytes, 0, bytes.length)).toBe(4);
    expect(scanner.scan(bytes, 4, 6, 5)).toBe(6);
    expect(scanner.finish(bytes, 6, bytes.length)).toBe(8);
  });

  test('a failure tells what was complete before it, and stays until reset()', () => {
    const bad = Buffer.from('+a\r\n*1\r\n+b\r\n?');
    expect(() => scanner.scan(bad, 0, bad.length, 9)).toThrow(RespError);
    expect(scanner).toMatchObject({ frames: 2, boundary: 12 });
    expect(() => scanner.scan(bytes, 0, 4, 9)).toThrow(expect.objectContaining({ code: 'SEGUE_RESP_BAD_TYPE' }));
    expect(() => scanner.finish(bytes, 0, 4)).toThrow(RespError);
    scanner.reset();
    expect(scanner.scan(bytes, 0, 4, 9)).toBe(4);
  });

  test('reset() forgets a frame at hand', () => {
    scanner.scan(Buffer.from('*?\r\n*3\r\n$5\r\nab'), 0, 14, 9);
    expect(scanner.midFrame).toBe(true);
    scanner.reset();
    expect(scanner.midFrame).toBe(false);
    expect(scanner.scan(bytes, 0, 4, 9)).toBe(4);
    expect(scanner.frames).toBe(1);
  });
});
