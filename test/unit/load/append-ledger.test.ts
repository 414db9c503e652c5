import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppendLedger } from '../../../src/lab/load/append-ledger.js';
import { isClean, type Verdict } from '../../../src/lab/load/verdict.js';

function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const refusal = replyError("READONLY You can't write against a read only replica.");
const loss = new Error('Connection is closed.');

/** A ledger of `count` acknowledged entries, and the list that a faithful server would have. */
function written(count: number): { ledger: AppendLedger; list: string[] } {
  const ledger = new AppendLedger('k');
  const list: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const number = ledger.issue();
    ledger.ack(number, list.push(ledger.entry(number)));
  }
  return { ledger, list };
}

function counts(verdict: Verdict): Record<string, number> {
  const { checked: _checked, notes: _notes, ...numbers } = verdict;
  return Object.fromEntries(Object.entries(numbers).filter(([, count]) => count !== 0));
}

describe('AppendLedger', () => {
  it('is content with what was promised', () => {
    const { ledger, list } = written(3000);
    const verdict = ledger.verify(list);
    expect(counts(verdict)).toEqual({});
    expect(isClean(verdict)).toBe(true);
    expect(verdict.checked).toBe(3000);
    expect(ledger.acknowledged).toBe(3000);
  });

  const frauds: [string, (list: string[]) => string[], Record<string, number>][] = [
    ['the last entry is gone', (list) => list.slice(0, -1), { lost: 1 }],
    ['the first entry is gone', (list) => list.slice(1), { lost: 1 }],
    ['everything is gone', () => [], { lost: 10 }],
    ['an entry is there twice, at once', (list) => list.toSpliced(4, 0, list[4]!), { doubled: 1 }],
    ['an entry is there again at the end', (list) => [...list, list[2]!], { doubled: 1 }],
    ['an entry is there three times', (list) => [...list, list[2]!, list[2]!], { doubled: 2 }],
    ['two neighbours have changed places', (list) => list.with(3, list[4]!).with(4, list[3]!), { reordered: 1 }],
    ['one entry came late', (list) => [...list.toSpliced(3, 1), list[3]!], { reordered: 1 }],
    ['an entry that nobody sent', (list) => [...list, 'k#10'], { ghosts: 1 }],
    ['an entry of another list', (list) => [...list, 'other#3'], { ghosts: 1 }],
    ['an entry that is no entry', (list) => [...list, 'k#1e0x'], { ghosts: 1 }],
    ['one lost and one doubled', (list) => [...list.slice(1), list[5]!], { lost: 1, doubled: 1 }],
  ];
  it.each(frauds)('complains when %s', (_name, forge, expected) => {
    const { ledger, list } = written(10);
    expect(counts(ledger.verify(forge(list)))).toEqual(expected);
  });

  it('complains about an acknowledged place that is not the place', () => {
    const ledger = new AppendLedger('k');
    const [first, second] = [ledger.issue(), ledger.issue()];
    ledger.ack(first, 2); // replies that changed places
    ledger.ack(second, 1);
    expect(counts(ledger.verify(['k#0', 'k#1']))).toEqual({ misanswered: 2 });
  });

  it.each([['OK'], [null], [0], ['QUEUED']])('complains about %s as the reply of RPUSH', (reply) => {
    const ledger = new AppendLedger('k');
    ledger.ack(ledger.issue(), reply);
    expect(counts(ledger.verify(['k#0']))).toEqual({ misanswered: 1 });
  });

  it('complains about a command that was settled twice', () => {
    const { ledger, list } = written(2);
    ledger.ack(1, 2);
    expect(counts(ledger.verify(list))).toEqual({ misanswered: 1 });
  });

  it('complains about a command without an end', () => {
    const { ledger, list } = written(2);
    const number = ledger.issue();
    expect(counts(ledger.verify(list))).toEqual({ unsettled: 1 });
    expect(counts(ledger.verify([...list, ledger.entry(number)]))).toEqual({ unsettled: 1 });
  });

  it('complains when something refused is there', () => {
    const { ledger, list } = written(2);
    const number = ledger.issue();
    ledger.fail(number, refusal);
    expect(counts(ledger.verify(list))).toEqual({});
    expect(counts(ledger.verify([...list, ledger.entry(number)]))).toEqual({ ghosts: 1 });
  });

  it.each([[loss], [replyError('UNCERTAIN the connection was lost')]])('lets %s be there or not, but once', (error) => {
    const { ledger, list } = written(2);
    const number = ledger.issue();
    ledger.fail(number, error);
    const entry = ledger.entry(number);
    expect(counts(ledger.verify(list))).toEqual({});
    expect(counts(ledger.verify([...list, entry]))).toEqual({});
    expect(counts(ledger.verify([...list, entry, entry]))).toEqual({ doubled: 1 });
  });

  it('forgives what a dead primary had not replicated, once, and not its return', () => {
    const { ledger, list } = written(10);
    const survivors = list.slice(0, 7);
    expect(ledger.survive(survivors)).toBe(3);
    expect(counts(ledger.verify(survivors))).toEqual({});
    expect(counts(ledger.verify(survivors.slice(1)))).toEqual({ lost: 1 });
    expect(counts(ledger.verify([...survivors, list[8]!]))).toEqual({ ghosts: 1 });
    const number = ledger.issue();
    ledger.ack(number, 8);
    expect(counts(ledger.verify([...survivors, ledger.entry(number)]))).toEqual({});
    expect(counts(ledger.verify(survivors))).toEqual({ lost: 1 });
  });

  it('counts any forgery of any list', () => {
    const forgery = fc.record({
      size: fc.integer({ min: 2, max: 50 }),
      at: fc.nat(),
      kind: fc.constantFrom('drop', 'repeat', 'swap'),
    });
    fc.assert(
      fc.property(forgery, ({ size, at, kind }) => {
        const { ledger, list } = written(size);
        const index = at % (size - 1);
        if (kind === 'drop') list.splice(index, 1);
        if (kind === 'repeat') list.splice(index, 0, list[index]!);
        if (kind === 'swap') list.splice(index, 2, list[index + 1]!, list[index]!);
        const name = { drop: 'lost', repeat: 'doubled', swap: 'reordered' }[kind];
        expect(counts(ledger.verify(list))).toEqual({ [name]: 1 });
      }),
    );
  });
});
