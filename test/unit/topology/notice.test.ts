import { describe, expect, test } from 'vitest';
import {
  type Answer,
  answerChannel,
  encodeAnswer,
  encodeNotice,
  NOTICE_BOUNDS,
  type Notice,
  parseAnswer,
  parseNotice,
} from '../../../src/topology/notice.js';

const told = { id: 'a1', from: '10.0.0.1:6379', to: '[::1]:6380', holdMs: 500 };
const hold: Notice = { ...told, kind: 'hold' };
const released: Answer = {
  id: 'a1',
  kind: 'released',
  process: 'p-1',
  sessions: 3,
  late: 0,
  held: 9,
  heldMs: 4.5,
  waiting: [
    [0, 1],
    [2.125, 4],
    [4.5, 9],
  ],
};
const ready: Answer = { id: 'a1', kind: 'ready', process: 'p-1', sessions: 3, late: 1, held: 12 };

/** As on the wire, with some fields otherwise. `undefined` leaves one out. */
function noticeText(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...JSON.parse(encodeNotice(hold)), ...change });
}

function answerText(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...JSON.parse(encodeAnswer(ready)), ...change });
}

test('answers go to a channel of their notice', () => {
  expect(answerChannel('x1')).toBe('segue:answer:x1');
});

describe('notices', () => {
  test.each<Notice>([
    { ...told, kind: 'prepare' },
    hold,
    { ...told, kind: 'hold', processes: 3 },
    { ...told, kind: 'release', outcome: 'switched' },
    { ...told, kind: 'release', outcome: 'given-up' },
  ])('%j there and back', (notice) => {
    expect(parseNotice(encodeNotice(notice))).toEqual({ is: 'read', value: notice });
  });

  test('fields of a later version are ignored', () => {
    const text = noticeText({ more: { deep: [1] }, constructor: 1, __proto__: null });
    expect(parseNotice(text)).toEqual({ is: 'read', value: hold });
  });

  test('a field called __proto__ changes nothing', () => {
    const text = noticeText().replace('{', '{"__proto__":{"kind":"release","outcome":"switched"},');
    expect(parseNotice(text)).toEqual({ is: 'read', value: hold });
    expect(({} as { outcome?: string }).outcome).toBeUndefined();
  });

  test('names come back in one form, however IPv6 is written', () => {
    expect(parseNotice(noticeText({ from: '::1:6379' }))).toMatchObject({ value: { from: '[::1]:6379' } });
  });

  test('the longest that is allowed is read, one byte more is not', () => {
    const padding = NOTICE_BOUNDS.bytes - Buffer.byteLength(noticeText({ more: '' }));
    expect(parseNotice(noticeText({ more: 'x'.repeat(padding) })).is).toBe('read');
    expect(parseNotice(noticeText({ more: 'x'.repeat(padding + 1) }))).toEqual({
      is: 'refused',
      reason: 'longer than 4096 bytes',
    });
    // Two bytes each in UTF-8.
    expect(parseNotice(noticeText({ more: 'é'.repeat(padding - 8) })).is).toBe('refused');
  });

  test.each<[string, string]>([
    ['', 'not JSON'],
    ['PING', 'not JSON'],
    ['{"segue":1', 'not JSON'],
    ['null', 'not an object'],
    ['7', 'not an object'],
    ['[{"segue":1}]', 'not an object'],
    ['{}', '"segue" is not 1'],
    [noticeText({ segue: 2 }), '"segue" is not 1'],
    [noticeText({ segue: '1' }), '"segue" is not 1'],
    ['['.repeat(4000), 'not JSON'],
  ])('%s is none: %s', (text, reason) => {
    expect(parseNotice(text)).toEqual({ is: 'refused', reason });
  });

  test.each<[string, Record<string, unknown>]>([
    ['kind', { kind: 'promote' }],
    ['kind', { kind: ['hold'] }],
    ['kind', { kind: 'toString' }],
    ['id', { id: '' }],
    ['id', { id: undefined }],
    ['id', { id: 7 }],
    ['id', { id: 'x'.repeat(65) }],
    ['id', { id: 'a b' }],
    ['id', { id: 'a\n' }],
    ['id', { id: '\u001b[31m' }],
    ['from', { from: 'db1' }],
    ['from', { from: 'db1:0' }],
    ['from', { from: 'db1:99999' }],
    ['from', { from: 'a\r\nFLUSHALL:1' }],
    ['from', { from: 'user:secret@db1:6379' }],
    ['from', { from: { host: 'db1' } }],
    ['to', { to: 'unix:/run/x.sock' }],
    ['to', { to: `${'x'.repeat(300)}:6379` }],
    ['to', { to: null }],
    ['holdMs', { holdMs: 0 }],
    ['holdMs', { holdMs: -5 }],
    ['holdMs', { holdMs: 1.5 }],
    ['holdMs', { holdMs: 60_001 }],
    ['holdMs', { holdMs: 1e300 }],
    ['holdMs', { holdMs: '500' }],
    ['processes', { processes: -1 }],
    ['processes', { processes: '3' }],
    ['holdMs', { holdMs: null }],
    ['outcome', { kind: 'release' }],
    ['outcome', { kind: 'release', outcome: 'done' }],
  ])('a wrong %s: %j', (field, change) => {
    const reading = parseNotice(noticeText(change));
    expect(reading).toMatchObject({ is: 'refused', reason: expect.stringContaining(`"${field}"`) });
  });

  test('a node cannot be switched to itself', () => {
    expect(parseNotice(noticeText({ from: '::1:6380' }))).toEqual({
      is: 'refused',
      reason: '"from" and "to" are the same',
    });
  });

  test('what is refused is not repeated in the reason', () => {
    const texts = [
      'secret',
      noticeText({ id: 'secret!' }),
      noticeText({ to: 'secret' }),
      noticeText({ kind: 'secret' }),
    ];
    for (const text of texts) expect(JSON.stringify(parseNotice(text))).not.toContain('secret');
  });
});

describe('answers', () => {
  test.each<Answer>([
    ready,
    { ...ready, kind: 'holding', late: 0 },
    { ...ready, kind: 'unable', sessions: 0, reason: 'no session' },
    released,
    { ...released, waiting: [] },
  ])('%j there and back', (answer) => {
    expect(parseAnswer(encodeAnswer(answer))).toEqual({ is: 'read', value: answer });
  });

  test('a reason is cut, and fit for a terminal', () => {
    const long = { ...ready, reason: `\u001b[2J${'é'.repeat(1000)}` };
    const reading = parseAnswer(encodeAnswer(long));
    expect(reading).toMatchObject({ value: { reason: `?[2J${'?'.repeat(196)}` } });
    const raw = parseAnswer(answerText({ reason: 'a\u001b]0;x\u0007b' }));
    expect(raw).toMatchObject({ value: { reason: 'a?]0;x?b' } });
  });

  test.each<[string, Record<string, unknown>]>([
    ['kind', { kind: 'prepare' }],
    ['process', { process: '' }],
    ['process', { process: 'x'.repeat(65) }],
    ['sessions', { sessions: -1 }],
    ['sessions', { sessions: 1e9 }],
    ['late', { late: 0.5 }],
    ['late', { late: null }],
    ['held', { held: '1' }],
  ])('a wrong %s: %j', (field, change) => {
    expect(parseAnswer(answerText(change))).toMatchObject({
      is: 'refused',
      reason: expect.stringContaining(`"${field}"`),
    });
  });

  test('the longest series is read, and fits by far', () => {
    const waiting = Array.from({ length: 16 }, (_, at) => [at + 59_000.125, 100_000_000] as const);
    const text = encodeAnswer({ ...released, heldMs: 60_000, waiting });
    expect(parseAnswer(text)).toMatchObject({ value: { waiting } });
    expect(text.length).toBeLessThan(NOTICE_BOUNDS.bytes / 4);
  });

  test('what a later version says of a point is left out, and of other answers too', () => {
    const text = JSON.stringify({ ...released, segue: 1, waiting: [[0, 1, 'more']], more: 1 });
    expect(parseAnswer(text)).toMatchObject({ is: 'read', value: { waiting: [[0, 1]] } });
    expect(parseAnswer(answerText({ heldMs: 'x', waiting: 7 }))).toEqual({ is: 'read', value: ready });
  });

  test.each<[string, Record<string, unknown>]>([
    ['heldMs', { heldMs: undefined }],
    ['heldMs', { heldMs: -1 }],
    ['heldMs', { heldMs: 60_001 }],
    ['heldMs', { heldMs: '4' }],
    ['waiting', { waiting: undefined }],
    ['waiting', { waiting: { length: 1 } }],
    ['waiting', { waiting: Array.from({ length: 17 }, () => [1, 1]) }],
    ['waiting', { waiting: [[1]] }],
    ['waiting', { waiting: ['11'] }],
    ['waiting', { waiting: [[-1, 1]] }],
    ['waiting', { waiting: [[1, -1]] }],
    ['waiting', { waiting: [[1, 0.5]] }],
    ['waiting', { waiting: [[1, 1e9]] }],
    ['waiting', { waiting: [[null, 1]] }],
    [
      'waiting',
      {
        waiting: [
          [2, 1],
          [1, 1],
        ],
      },
    ],
    ['waiting', { waiting: [[4.6, 1]] }],
  ])('what waited, with a wrong %s: %j', (field, change) => {
    expect(parseAnswer(JSON.stringify({ ...released, segue: 1, ...change }))).toMatchObject({
      is: 'refused',
      reason: expect.stringContaining(`"${field}"`),
    });
  });

  test('a reason that is no text is left out', () => {
    expect(parseAnswer(answerText({ reason: { x: 1 } }))).toEqual({ is: 'read', value: ready });
  });
});
