import { describe, expect, it } from 'vitest';
import type { Finding, Verdict } from '../../../src/lab/load/index.js';
import { isClean } from '../../../src/lab/load/index.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import { parseReportLine, type ReportLine } from '../../clients/report-line.js';
import { openAccounts, type Role } from '../../clients/roles/index.js';

/** A server that has these lists. */
function having(lists: Record<string, readonly string[]>): LabServer {
  const cli = async (command: string, key: string, from = 0, to = -1) =>
    command === 'LLEN' ? (lists[key]?.length ?? 0) : (lists[key]?.slice(from, to + 1) ?? []);
  return { cli } as unknown as LabServer;
}

/** What an account makes of the lines of one or two programs and of the data. */
async function judge(lines: [Role, ReportLine][], lists: Record<string, readonly string[]> = {}): Promise<Verdict> {
  const accounts = openAccounts('p');
  for (const [role, line] of lines) accounts[role].take(role, line);
  return accounts[lines[0]![0]].verify(having(lists));
}

const entries = (role: string, ...numbers: number[]) => numbers.map((number) => `p:${role}#${number}`);
const acks = (role: Role, count: number): [Role, ReportLine][] =>
  Array.from({ length: count }, (_, at) => [
    role,
    { ack: at, reply: at + 1, count: at + 1, read: `p:${role}#${at}`, version: at + 1, keys: 1000 },
  ]);

describe('the account of a program', () => {
  it.each(['single', 'pipeline', 'transaction', 'script', 'pipe'] as const)(
    '%s: what was promised is there',
    async (role) => {
      const verdict = await judge(acks(role, 3), { [`p:${role}`]: entries(role, 0, 1, 2) });
      expect(verdict).toMatchObject({ checked: 3, notes: [] });
    },
  );

  it.each<[Finding, number[]]>([
    ['lost', [0, 2]],
    ['doubled', [0, 1, 1, 2]],
    ['reordered', [1, 0, 2]],
    ['ghosts', [0, 1, 2, 7]],
  ])('%s: the list holds %j', async (finding, numbers) => {
    const verdict = await judge(acks('pipeline', 3), { 'p:pipeline': entries('pipeline', ...numbers) });
    expect(verdict[finding]).toBe(1);
  });

  it('an error leaves open whether the step was made, EXEC answered nil does not', async () => {
    const lines: [Role, ReportLine][] = [...acks('transaction', 1), ['transaction', { fail: 1, error: 'gone' }]];
    for (const numbers of [[0], [0, 1]])
      expect(isClean(await judge(lines, { 'p:transaction': entries('transaction', ...numbers) }))).toBe(true);
    const refused: [Role, ReportLine][] = [...acks('transaction', 1), ['transaction', { again: 1 }]];
    expect(await judge(refused, { 'p:transaction': entries('transaction', 0, 1) })).toMatchObject({ ghosts: 1 });
  });

  it.each<[Role, ReportLine]>([
    ['single', { ack: 0, reply: 1, count: 2, read: 'p:single#0' }],
    ['single', { ack: 0, reply: 1, count: 1, read: 'p:single#8' }],
    ['transaction', { ack: 0, reply: 1, version: 2 }],
    ['script', { ack: 0, reply: 2 }],
  ])('%s: a wrong answer is seen: %j', async (role, line) => {
    expect((await judge([[role, line]], { [`p:${role}`]: entries(role, 0) })).misanswered).toBe(1);
  });

  it('a SCAN that misses a key is seen', async () => {
    expect(await judge(acks('scan', 2))).toMatchObject({ checked: 2, notes: [] });
    expect((await judge([['scan', { ack: 0, keys: 998 }]])).lost).toBe(2);
  });

  it('of a queue: every item arrives once and in order', async () => {
    const pushed = acks('produce', 3);
    const got = (...numbers: number[]) =>
      entries('produce', ...numbers).map((item): [Role, ReportLine] => ['consume', { got: item }]);
    expect(isClean(await judge([...pushed, ...got(0, 1, 2)]))).toBe(true);
    expect(isClean(await judge([...pushed, ...got(0, 1)], { 'p:queue': entries('produce', 2) }))).toBe(true);
    expect(await judge([...pushed, ...got(0, 2)])).toMatchObject({ lost: 1 });
    expect(await judge([...pushed, ...got(0, 1, 1, 2)])).toMatchObject({ doubled: 1 });
    expect(await judge([...pushed, ...got(1, 0, 2)])).toMatchObject({ reordered: 1 });
  });

  it.each<[string, number[], Partial<Verdict>]>([
    ['all', [0, 1, 2, 3], { lost: 0, doubled: 0, reordered: 0, unsettled: 0 }],
    ['all since it was subscribed', [2, 3], { lost: 0, unsettled: 0 }],
    ['not one in the middle', [0, 2, 3], { lost: 1 }],
    ['not the last', [0, 1, 2], { lost: 1 }],
    ['one twice', [0, 1, 1, 2, 3], { doubled: 1 }],
    ['an old one late', [0, 1, 2, 0, 3], { reordered: 1 }],
    ['nothing', [], { unsettled: 1 }],
  ])('of messages: a subscriber that hears %s', async (_what, numbers, expected) => {
    const heard = numbers.map((number): [Role, ReportLine] => ['subscribe', { heard: String(number) }]);
    expect(await judge([['subscribe', { ready: 'x' }], ...acks('publish', 4), ...heard])).toMatchObject(expected);
  });

  it('of many subscribers: what they found themselves', async () => {
    expect(await judge([['listen', { messages: 70 }]])).toMatchObject({ checked: 70, notes: [] });
    expect(await judge([['listen', { finding: 'lost', text: 'x', missing: 3 }]])).toMatchObject({ lost: 3 });
  });
});

describe('a line of a program', () => {
  it.each(['', 'Warning: something', '3', 'null', '{"ack":'])('%j is none', (text) => {
    expect(parseReportLine(text)).toBeUndefined();
  });
  it('is JSON', () => expect(parseReportLine('{"ack":3,"reply":4}')).toEqual({ ack: 3, reply: 4 }));
});
