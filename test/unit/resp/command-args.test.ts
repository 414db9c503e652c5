import { describe, expect, test } from 'vitest';
import { argSpan, CommandTable, commandArgs, encodeCommand, RespError, timeoutIndex } from '../../../src/resp/index.js';
import { splitInline } from '../../../src/resp/inline-command.js';

const strings = (args: readonly Buffer[]): string[] => args.map((arg) => arg.toString('latin1'));

describe('commandArgs', () => {
  test('views into the buffer, from any offset', () => {
    const command = encodeCommand(['SET', 'a b', '', '\r\n*1', 'x'.repeat(300)]);
    const buf = Buffer.concat([Buffer.from('*9\r\n'), command, Buffer.from('*1\r\n')]);
    const args = commandArgs(buf, 4, 4 + command.length);
    expect(strings(args)).toEqual(['SET', 'a b', '', '\r\n*1', 'x'.repeat(300)]);
    expect(args[1]!.buffer).toBe(buf.buffer);
  });

  test.each([
    ['GET a\r\n', ['GET', 'a']],
    ['GET a\n', ['GET', 'a']],
    ['\r\n', []],
    ['*0\r\n', []],
    ['*-1\r\n', []],
    ['SET "a b" \'c d\'\r\n', ['SET', 'a b', 'c d']],
  ])('%j', (bytes, expected) => {
    const buf = Buffer.from(`..${bytes}.`);
    expect(strings(commandArgs(buf, 2, buf.length - 1))).toEqual(expected);
  });
});

/** Rows as `sdssplitargs` of the servers gives them. */
describe('splitInline', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    [' a\tb \r', ['a', 'b']],
    ['a\vb \v c', ['a\vb', 'c']],
    ['"" \'\'', ['', '']],
    ['"a\\n\\r\\t\\b\\a\\\\\\"\\q"', ['a\n\r\t\b\x07\\"q']],
    ['"\\x41\\xfF\\x4g\\x"', ['A\xffx4gx']],
    ["'a\\'b\\n'", ["a'b\\n"]],
    ['ab"c d"', ['abc d']],
    ["ab'c d'", ['abc d']],
    ['"a" "b"', ['a', 'b']],
    ['a\0b c', ['a']],
    ['a "b" \0"', ['a', 'b']],
    ['$3', ['$3']],
  ])('%j → %j', (line, expected) => {
    const bytes = Buffer.from(`#${line}#`, 'latin1');
    expect(strings(splitInline(bytes, 1, bytes.length - 1))).toEqual(expected);
  });

  test.each(['"', '"a', "'", "'a\\'", '"a\\"', '"a"b', "'a'b", '"a\0"', '"a"\'b\'', '"\\'])(
    '%j is unbalanced',
    (line) => {
      const bytes = Buffer.from(line);
      expect(() => splitInline(bytes, 0, bytes.length)).toThrow(
        expect.objectContaining({ code: 'SEGUE_RESP_UNBALANCED_QUOTES' }),
      );
      expect(() => splitInline(bytes, 0, bytes.length)).toThrow(RespError);
    },
  );
});

describe('argSpan', () => {
  test('whole elements, from any offset', () => {
    const command = encodeCommand(['BLPOP', 'key', '', '10']);
    const buf = Buffer.concat([Buffer.from('$1\r\n'), command]);
    const text = (index: number): string => {
      const { start, end } = argSpan(buf, 4, buf.length, index);
      return buf.toString('latin1', start, end);
    };
    expect([0, 1, 2, 3].map(text)).toEqual(['$5\r\nBLPOP\r\n', '$3\r\nkey\r\n', '$0\r\n\r\n', '$2\r\n10\r\n']);
    expect(argSpan(buf, 4, buf.length, 4)).toEqual({ start: buf.length, end: buf.length });
  });
});

describe('timeoutIndex', () => {
  const table = CommandTable.standard();
  test.each([
    ['BLPOP a b 5', 3],
    ['BLMPOP 5 1 a LEFT', 1],
    ['BZMPOP 0.1 1 a MIN', 1],
    ['BRPOPLPUSH a b 1', 3],
    ['BLMOVE a b LEFT LEFT 1', 5],
    ['WAIT 1 100', 2],
    ['WAITAOF 1 1 100', 3],
    ['XREAD COUNT 2 BLOCK 100 STREAMS s $', 4],
    ['XREAD block 100 STREAMS s $', 2],
    ['XREAD STREAMS block 0', undefined],
    ['XREAD COUNT 2 STREAMS s $', undefined],
    ['XREADGROUP GROUP block streams BLOCK 7 STREAMS s >', 5],
    ['XREADGROUP GROUP g c NOACK BLOCK 7 STREAMS s >', 6],
    ['XREADGROUP GROUP g c STREAMS BLOCK >', undefined],
    ['XREAD BLOCK', undefined],
    ['WAIT', undefined],
  ])('%s: %s', (line, expected) => {
    const args = line.split(' ').map((arg) => Buffer.from(arg));
    const spot = table.timeoutOf(table.idOf(args[0]!.toString()))!;
    expect(timeoutIndex(args, spot)).toBe(expected);
  });
});
