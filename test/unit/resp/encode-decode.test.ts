import { describe, expect, test } from 'vitest';
import { decodeReply, encodeCommand, encodeError, ReplyError, RespError } from '../../../src/resp/index.js';

describe('encodeCommand', () => {
  test.each([
    [['PING'], '*1\r\n$4\r\nPING\r\n'],
    [['SET', 'a', 10], '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n10\r\n'],
    [['ECHO', 'é'], '*2\r\n$4\r\nECHO\r\n$2\r\né\r\n'],
    [['ECHO', Buffer.from([0x0d, 0x0a])], '*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n'],
    [['SET', '', -1.5], '*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n-1.5\r\n'],
  ] as [(string | number | Uint8Array)[], string][])('%j', (args, expected) => {
    expect(encodeCommand(args).toString()).toBe(expected);
  });
});

test.each([
  ['ERR', 'no', '-ERR no\r\n'],
  ['UNCERTAIN', 'a\r\nb\nc\0d', '-UNCERTAIN a  b c d\r\n'],
  ['X\r\nY', 'é', '-X  Y é\r\n'],
])('encodeError(%j, %j)', (code, text, expected) => {
  expect(encodeError(code, text).toString()).toBe(expected);
});

describe('decodeReply', () => {
  test.each([
    ['+OK\r\n', 'OK'],
    [':-5\r\n', -5],
    [':9223372036854775807\r\n', 9223372036854775807n],
    ['(+12\r\n', 12n],
    [',1.5\r\n', 1.5],
    [',inf\r\n', Number.POSITIVE_INFINITY],
    [',-inf\r\n', Number.NEGATIVE_INFINITY],
    [',nan\r\n', Number.NaN],
    ['#t\r\n', true],
    ['#f\r\n', false],
    ['_\r\n', null],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['$2\r\né\r\n', 'é'],
    ['=7\r\ntxt:abc\r\n', 'abc'],
    ['$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n', 'abc'],
    ['*2\r\n:1\r\n*1\r\n+a\r\n', [1, ['a']]],
    ['~2\r\n:1\r\n:2\r\n', [1, 2]],
    ['*?\r\n:1\r\n*?\r\n.\r\n.\r\n', [1, []]],
    ['%1\r\n+a\r\n%?\r\n+b\r\n:1\r\n.\r\n', new Map([['a', new Map([['b', 1]])]])],
    ['>2\r\n+message\r\n+x\r\n', { push: ['message', 'x'] }],
    ['|1\r\n+ttl\r\n:1\r\n*1\r\n|1\r\n+a\r\n+b\r\n:2\r\n', [2]],
    ['-NOAUTH Authentication required.\r\n', new ReplyError('NOAUTH Authentication required.')],
    ['!5\r\nERR x\r\n', new ReplyError('ERR x')],
  ])('%j', (frame, value) => {
    const buf = Buffer.from(`:0\r\n${frame}:1\r\n`);
    expect(decodeReply(buf, 4)).toEqual({ value, end: buf.length - 4 });
    for (let end = 4; end < buf.length - 4; end++) expect(decodeReply(buf.subarray(0, end), 4)).toBeUndefined();
  });

  test('errors tell their code', () => {
    expect(decodeReply(Buffer.from('-WRONGPASS no\r\n'))?.value).toMatchObject({
      code: 'WRONGPASS',
      message: 'WRONGPASS no',
    });
  });

  test.each([
    ['?\r\n', 'SEGUE_RESP_BAD_TYPE'],
    [`${'*1\r\n'.repeat(300)}:1\r\n`, 'SEGUE_RESP_TOO_DEEP'],
    [`${'|0\r\n'.repeat(300)}:1\r\n`, 'SEGUE_RESP_TOO_DEEP'],
  ])('refuses %j', (frame, code) => {
    expect(() => decodeReply(Buffer.from(frame))).toThrow(expect.objectContaining({ code }));
    expect(() => decodeReply(Buffer.from(frame))).toThrow(RespError);
  });
});
