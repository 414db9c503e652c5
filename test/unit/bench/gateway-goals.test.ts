import { describe, expect, it } from 'vitest';
import { allCells, type Cell, goalsOf, parseCells } from '../../../bench/kit/cells.js';
import type { Sample } from '../../../bench/kit/contest.js';
import { judge, markdownTable, tableLines } from '../../../bench/kit/gateway-table.js';

function sample(rate: number, p99Ms = 1): Sample {
  return { rate, p50Ms: p99Ms / 2, p99Ms, commands: 1000, ownUs: 10, serverUs: 5 };
}

const cell: Cell = { clients: 50, pipeline: 1, bytes: 3 };

function samples(gateway: readonly Sample[]): Map<string, Sample[]> {
  const threeTimes = (one: Sample): Sample[] => [one, one, one];
  return new Map([
    ['direct', threeTimes(sample(200_000))],
    ['HAProxy', threeTimes(sample(100_000))],
    ['twemproxy', threeTimes(sample(140_000))],
    ['gateway', [...gateway]],
  ]);
}

describe('the goals of the gateway', () => {
  it.each([
    ['1:1:3', { HAProxy: 0.87 }],
    ['10:16:3', { HAProxy: 0.87 }],
    ['50:1:3', { HAProxy: 1.3, twemproxy: 0.95 }],
    ['200:1:16384', { HAProxy: 1.3, twemproxy: 0.95 }],
    ['50:16:3', { HAProxy: 1.25, twemproxy: 1.9 }],
    ['200:16:1024', { HAProxy: 1.1, twemproxy: 1.1 }],
    ['200:100:3', { HAProxy: 0.87 }],
  ])('of %s', (text, goals) => {
    expect(goalsOf(parseCells(text)[0]!)).toEqual(goals);
  });

  it('are asked of 36 cells', () => {
    expect(new Set(allCells.map((one) => JSON.stringify(one))).size).toBe(36);
  });

  it.each(['', '50', '50:1', '50:1:0', '0:1:3', '50:1:3,', 'a:b:c', '50:1:3;1:1:3'])(
    'do not take %j for cells',
    (text) => {
      expect(() => parseCells(text)).toThrow(/clients:pipeline:bytes/);
    },
  );
});

describe('the judgement', () => {
  it('has nothing to say when all goals are reached', () => {
    const row = judge(cell, samples([sample(150_000), sample(150_000), sample(150_000)]));
    expect(row.below).toEqual([]);
    expect(row.standings.find(({ name }) => name === 'HAProxy')).toMatchObject({ ratio: 1.5, goal: 1.3 });
    expect(row.standings.find(({ name }) => name === 'direct')).toMatchObject({ ratio: 0.75 });
    expect(tableLines(row)).toHaveLength(4);
  });

  it('takes ratios round by round, and of those the median', () => {
    const row = judge(cell, samples([sample(10_000), sample(129_000), sample(500_000)]));
    expect(row.below).toEqual([
      'below the goal: 1.29 of HAProxy, not 1.30',
      'below the goal: 0.92 of twemproxy, not 0.95',
    ]);
    expect(markdownTable([row])).toContain('**1.29** (1.3)');
  });

  it('minds late answers', () => {
    const late = sample(150_000, 1.5);
    expect(judge(cell, samples([late, late, late])).below).toEqual(["below the goal: p99 1.50 ms, HAProxy's 1.00 ms"]);
  });

  it('does not ask for what could not be measured', () => {
    const few = samples([sample(1), sample(1), sample(1)]);
    few.delete('HAProxy');
    few.delete('twemproxy');
    expect(judge(cell, few).below).toEqual([]);
  });
});
