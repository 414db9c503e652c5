import { describe, expect, it } from 'vitest';
import { Ledger, note } from '../../../src/session/ledger.js';
import { Mark } from '../../../src/session/mark.js';

/** Commands of ten bytes each. */
function ledgerOf(count: number): Ledger {
  const ledger = new Ledger();
  for (let i = 1; i <= count; i++) ledger.push(10 * i, 0);
  return ledger;
}

describe('a ledger', () => {
  it('knows where each command begins and ends', () => {
    const ledger = ledgerOf(3);
    expect([0, 1, 2].map((index) => [ledger.start(index), ledger.end(index)])).toEqual([
      [0, 10],
      [10, 20],
      [20, 30],
    ]);
  });

  it('keeps order past its capacity, also when its ring has turned', () => {
    const ledger = new Ledger();
    for (let i = 0; i < 100; i++) {
      ledger.push(10 * (i + 1), i % 256);
      if (i >= 5 && i < 40) {
        ledger.answered(1);
        ledger.release(ledger.head);
      }
    }
    for (let index = ledger.base; index < ledger.tail; index++) {
      expect([ledger.start(index), ledger.end(index), ledger.marks(index)]).toEqual([
        10 * index,
        10 * index + 10,
        index,
      ]);
    }
  });

  it('counts what is in flight, and what is plain of it', () => {
    const ledger = ledgerOf(3);
    ledger.pushNoted(40, 0, note({ is: 'plain' }));
    ledger.push(50, 0);
    expect([ledger.inflight, ledger.unanswered, ledger.plain]).toEqual([0, 5, 0]);
    ledger.sentUpTo(5);
    expect([ledger.inflight, ledger.plain]).toEqual([5, 3]);
    ledger.answered(3);
    expect([ledger.inflight, ledger.plain]).toEqual([2, 0]);
    ledger.answered(1);
    expect([ledger.inflight, ledger.plain]).toEqual([1, 1]);
  });

  it('a command annotated or marked later needs a look', () => {
    const ledger = ledgerOf(4);
    ledger.sentUpTo(4);
    ledger.addMark(3, Mark.Inspect);
    expect(ledger.plain).toBe(3);
    ledger.annotate(1, { is: 'plain' });
    expect(ledger.plain).toBe(1);
    expect(ledger.annotate(1, { is: 'multi' }).role.is).toBe('plain');
  });

  it('a mark that needs no look changes nothing for bulk', () => {
    const ledger = ledgerOf(2);
    ledger.sentUpTo(2);
    ledger.addMark(0, Mark.Lost);
    expect(ledger.plain).toBe(2);
    ledger.clearMark(0, Mark.Lost);
    expect(ledger.marks(0)).toBe(0);
  });

  it('answered here, unsent: sent follows head', () => {
    const ledger = ledgerOf(2);
    ledger.answered(2);
    expect([ledger.head, ledger.sent]).toEqual([2, 2]);
  });

  it('releases notes with their commands', () => {
    const ledger = new Ledger();
    ledger.pushNoted(10, 0, note({ is: 'plain' }));
    ledger.pushNoted(20, 0, note({ is: 'plain' }));
    ledger.sentUpTo(2);
    ledger.answered(2);
    expect(ledger.notes).toBe(2);
    expect(ledger.release(1)).toBe(10);
    expect(ledger.notes).toBe(1);
    expect(ledger.release(2)).toBe(20);
    expect(ledger.notes).toBe(0);
    expect(ledger.release(2)).toBe(20);
  });

  it('rewinds to the first retained command', () => {
    const ledger = ledgerOf(4);
    ledger.addMark(2, Mark.Inspect);
    ledger.sentUpTo(4);
    ledger.answered(3);
    ledger.release(1);
    ledger.rewind();
    expect([ledger.base, ledger.head, ledger.sent, ledger.tail]).toEqual([1, 1, 1, 4]);
    ledger.sentUpTo(4);
    expect(ledger.plain).toBe(1);
  });

  it('finds the first unsent command that ends behind a position', () => {
    const ledger = ledgerOf(4);
    expect([0, 9, 10, 25, 39, 40, 99].map((position) => ledger.firstEndingAfter(position))).toEqual([
      0, 0, 1, 2, 3, 4, 4,
    ]);
    ledger.sentUpTo(2);
    expect(ledger.firstEndingAfter(0)).toBe(2);
  });

  it('skips bytes that are no command: they go with the command before, or with none', () => {
    const ledger = new Ledger();
    ledger.skip(4);
    ledger.push(10, 0);
    expect([ledger.start(0), ledger.end(0)]).toEqual([4, 10]);
    ledger.skip(12);
    ledger.push(20, 0);
    expect([ledger.end(0), ledger.start(1)]).toEqual([12, 12]);
  });

  it('gives up large rings when nothing is in them', () => {
    const ledger = ledgerOf(100_000);
    ledger.answered(100_000);
    ledger.release(100_000);
    ledger.push(1_000_010, Mark.Write);
    expect([ledger.start(100_000), ledger.end(100_000), ledger.marks(100_000)]).toEqual([1_000_000, 1_000_010, 1]);
  });
});
