import { describe, expect, it } from 'vitest';
import { CounterLedger } from '../../../src/lab/load/counter-ledger.js';
import { QueueLedger } from '../../../src/lab/load/queue-ledger.js';
import type { Verdict } from '../../../src/lab/load/verdict.js';
import { WatchLedger } from '../../../src/lab/load/watch-ledger.js';

function counts(verdict: Verdict): Record<string, number> {
  const { checked: _checked, notes: _notes, ...numbers } = verdict;
  return Object.fromEntries(Object.entries(numbers).filter(([, count]) => count !== 0));
}

const refusal = Object.assign(new Error('READONLY'), { name: 'ReplyError' });
const loss = new Error('Connection is closed.');

describe('CounterLedger', () => {
  function counted(replies: unknown[]): CounterLedger {
    const ledger = new CounterLedger('c');
    for (const reply of replies) {
      ledger.issue();
      if (reply instanceof Error) ledger.fail(reply);
      else ledger.ack(reply);
    }
    return ledger;
  }

  const cases: [string, unknown[], string | null, Record<string, number>][] = [
    ['nothing happened', [], null, {}],
    ['all is well', [1, 2, 3], '3', {}],
    ['one is missing', [1, 2, 3], '2', { lost: 1 }],
    ['all are missing', [1, 2, 3], null, { lost: 3 }],
    ['one ran twice', [1, 2, 3], '4', { doubled: 1 }],
    ['one ran twice and the replies show it', [1, 3, 4], '4', { doubled: 1 }],
    ['a refused one ran', [1, refusal, 3], '3', { doubled: 1 }],
    ['a refused one did not run', [1, refusal, 2], '2', {}],
    ['an uncertain one ran', [1, loss, 3], '3', {}],
    ['an uncertain one did not run', [1, loss, 2], '2', {}],
    ['an uncertain one ran twice', [1, loss, 4], '4', { doubled: 1 }],
    ['a value was given twice', [1, 1], '2', { misanswered: 1 }],
    ['replies changed places', [2, 1], '2', { misanswered: 1 }],
    ['a reply is no number', [1, 'OK'], '2', { misanswered: 1 }],
    ['a write went back', [1, 2, 2, 3], '3', { lost: 1, misanswered: 1 }],
    ['an uncertain one hides a loss', [1, loss, 3], '2', { lost: 1 }],
  ];
  it.each(cases)('%s', (_name, replies, final, expected) => {
    expect(counts(counted(replies).verify(final))).toEqual(expected);
  });

  it.each([
    ['nothing was behind', [1, 2, 3], '3', 0],
    ['two were not replicated', [1, 2, 3], '1', 2],
    ['an uncertain one was replicated', [1, 2, loss], '3', 0],
  ] as [string, unknown[], string, number][])('goes on after a death: %s', (_name, replies, kept, forgiven) => {
    const ledger = counted(replies);
    expect(ledger.survive(kept)).toBe(forgiven);
    expect(counts(ledger.verify(kept))).toEqual({});
    ledger.issue();
    ledger.ack(Number(kept) + 1);
    expect(counts(ledger.verify(String(Number(kept) + 1)))).toEqual({});
    expect(counts(ledger.verify(kept))).toEqual({ lost: 1 });
    expect(counts(ledger.verify(String(Number(kept) + 2)))).toEqual({ doubled: 1 });
  });

  it('complains after a death about more than was ever sent', () => {
    const ledger = counted([1, 2]);
    ledger.survive('3');
    expect(counts(ledger.verify('3'))).toEqual({ doubled: 1 });
  });

  it('complains about a command without an end', () => {
    const ledger = counted([1]);
    ledger.issue();
    expect(counts(ledger.verify('1'))).toEqual({ unsettled: 1 });
  });
});

describe('QueueLedger', () => {
  type Pop = string | null | Error;
  /** `pushed` outcomes by number, `pops` by consumer. */
  function moved(pushed: ('acked' | Error)[], pops: Pop[][]): QueueLedger {
    const ledger = new QueueLedger('q');
    for (const outcome of pushed) {
      const number = ledger.issue();
      if (outcome === 'acked') ledger.ack(number);
      else ledger.fail(number, outcome);
    }
    for (const items of pops) {
      const consumer = ledger.addConsumer();
      for (const item of items) {
        ledger.popSent();
        if (item instanceof Error) ledger.popFailed(item);
        else ledger.popAnswered(consumer, item);
      }
    }
    return ledger;
  }

  const three = ['acked', 'acked', 'acked'] as 'acked'[];
  const cases: [string, ('acked' | Error)[], Pop[][], string[], Record<string, number>][] = [
    ['all arrived', three, [['q#0', null, 'q#1', 'q#2']], [], {}],
    ['shared by two', three, [['q#0', 'q#2'], ['q#1']], [], {}],
    ['one is still there', three, [['q#0', 'q#1']], ['q#2'], {}],
    ['one never arrived', three, [['q#0', 'q#2']], [], { lost: 1 }],
    ['one arrived twice', three, [['q#0', 'q#1', 'q#2'], ['q#1']], [], { doubled: 1 }],
    ['one arrived and is still there', three, [['q#0', 'q#1', 'q#2']], ['q#2'], { doubled: 1 }],
    ['two changed places', three, [['q#0', 'q#2', 'q#1']], [], { reordered: 1 }],
    ['an item that nobody pushed', three, [['q#0', 'q#1', 'q#2', 'q#7']], [], { ghosts: 1 }],
    ['an item of another queue', three, [['q#0', 'q#1', 'q#2', 'p#1']], [], { ghosts: 1 }],
    ['refused and not there', ['acked', refusal], [['q#0']], [], {}],
    ['refused and there', ['acked', refusal], [['q#0', 'q#1']], [], { ghosts: 1 }],
    ['uncertain and there', ['acked', loss], [['q#0', 'q#1']], [], {}],
    ['uncertain and not there', ['acked', loss], [['q#0']], [], {}],
    ['popped, and the reply was lost', three, [['q#0', loss, 'q#2']], [], {}],
    ['one lost reply does not excuse two items', three, [['q#0', loss]], [], { lost: 1 }],
    ['a pop that was refused excuses nothing', three, [['q#0', refusal, 'q#2']], [], { lost: 1 }],
  ];
  it.each(cases)('%s', (_name, pushed, pops, rest, expected) => {
    expect(counts(moved(pushed, pops).verify(rest))).toEqual(expected);
  });

  it('complains about a pop and a push without an end', () => {
    const ledger = moved(three, [['q#0', 'q#1', 'q#2']]);
    ledger.popSent();
    ledger.issue();
    expect(counts(ledger.verify([]))).toEqual({ unsettled: 2 });
  });
});

describe('WatchLedger', () => {
  function raised(outcomes: (boolean | Error)[]): WatchLedger {
    const ledger = new WatchLedger();
    for (const outcome of outcomes) {
      ledger.sent();
      if (outcome instanceof Error) ledger.failed(outcome);
      else ledger.answered(outcome);
    }
    return ledger;
  }

  const cases: [string, (boolean | Error)[], string | null, string[], Record<string, number>][] = [
    ['all is well', [true, false, true], '2', ['1', '2'], {}],
    ['committed blindly', [true, true, true], '2', ['1', '2', '2'], { torn: 1 }],
    ['a commit is missing', [true, true], '1', ['1'], { lost: 1 }],
    ['ran twice', [true], '2', ['1', '2'], { doubled: 1 }],
    ['answered nil and ran', [true, false], '2', ['1', '2'], { doubled: 1 }],
    ['half of it', [true, true], '1', ['1', '2'], { torn: 1 }],
    ['uncertain and ran', [true, loss], '2', ['1', '2'], {}],
    ['uncertain and did not run', [true, loss], '1', ['1'], {}],
    ['refused and ran', [true, refusal], '2', ['1', '2'], { doubled: 1 }],
  ];
  it.each(cases)('%s', (_name, outcomes, counter, list, expected) => {
    expect(counts(raised(outcomes).verify(counter, list))).toEqual(expected);
  });
});
