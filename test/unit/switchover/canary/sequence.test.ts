import { describe, expect, it } from 'vitest';
import { Sequence } from '../../../../src/switchover/canary/sequence.js';

function written(count: number): Sequence {
  const sequence = new Sequence();
  for (let number = 1; number <= count; number++) {
    sequence.next();
    sequence.acknowledge();
  }
  return sequence;
}

const zeros = { missing: 0, doubled: 0, reordered: 0, unexpected: 0 };
const clean = { ...zeros, notes: [] };

describe('a sequence', () => {
  it('is proven when every number is there once and in order', () => {
    expect(written(4).verify([1, 2, 3, 4])).toEqual({ acknowledged: 4, uncertain: 0, ...clean });
  });

  it.each([
    ['a lost number', [1, 2, 4], { missing: 1, notes: ['3 was acknowledged and is not there'] }],
    ['a number that came twice', [1, 2, 2, 3, 4], { doubled: 1, notes: ['2 is there twice'] }],
    ['numbers that changed places', [1, 3, 2, 4], { reordered: 1, notes: ['2 stands behind 3'] }],
    ['a number that nobody wrote', [1, 2, 3, 4, 5], { unexpected: 1, notes: ['5 is there and was not written'] }],
    ['what is no number', [1, 2, 3, 4, Number.NaN], { unexpected: 1 }],
    ['an empty list', [], { missing: 4 }],
  ])('shows %s', (_name, found, faults) => {
    expect(written(4).verify(found)).toMatchObject({ ...zeros, ...faults });
  });

  it('takes a number whose connection was lost either way, but not twice', () => {
    const sequence = written(2);
    sequence.giveUp(sequence.next(), true);
    sequence.next();
    sequence.acknowledge();
    expect(sequence.verify([1, 2, 4])).toEqual({ acknowledged: 3, uncertain: 1, ...clean });
    expect(sequence.verify([1, 2, 3, 4])).toMatchObject(clean);
    expect(sequence.verify([1, 2, 3, 3, 4])).toMatchObject({ doubled: 1 });
  });

  it('does not expect what was refused to the end, and notices if it is there all the same', () => {
    const sequence = written(1);
    sequence.giveUp(sequence.next(), false);
    expect(sequence.verify([1])).toMatchObject({ acknowledged: 1, uncertain: 0, ...clean });
    expect(sequence.verify([1, 2])).toMatchObject({ unexpected: 1 });
  });

  it('tells the first ten faults in words, and counts all', () => {
    const verdict = written(50).verify([]);
    expect(verdict.missing).toBe(50);
    expect(verdict.notes).toHaveLength(10);
  });
});
