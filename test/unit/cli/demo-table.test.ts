import { describe, expect, it } from 'vitest';
import { demoTable } from '../../../src/cli/demo/demo-table.js';
import { makeStyle } from '../../../src/cli/style.js';
import { sideIsFine } from '../../../src/lab/demo/demo-result.js';
import { result, side } from './demo-fixture.js';

const plainStyle = makeStyle(false);

describe('the table of the demo', () => {
  it('has a row for every promise, both sides, and the pair', () => {
    expect(demoTable(result(), plainStyle)).toEqual([
      '                                        plain ioredis   with Segue',
      '  acknowledged writes                           1,000        1,000',
      '  errors                                        1,234            0',
      '  longest stall of writes        not over after 6.0 s        12 ms',
      '  p99.9 of acknowledged writes                 7.0 ms       7.0 ms',
      '  acknowledged writes lost                          0            0',
      '  writes doubled                                    0            0',
      '  writes reordered                                  0            0',
      '  other wrong answers or data                       0            0',
      '  BullMQ jobs done                                 50           50',
      '  BullMQ errors                                     0            0',
      '  jobs lost or left undone                          0            0',
      '  jobs doubled                                      0            0',
      '',
      '  primary   127.0.0.1:2   valkey-9.1 (9.1.2)',
      '  replica   127.0.0.1:1   valkey-9.1 (9.1.2)   link connected, same data',
      '  switch    writes waited 1.4 ms, partial resync',
      '',
      '  The applications on Segue saw nothing of it.',
    ]);
  });

  it('says what went wrong, and the seed', () => {
    const lines = demoTable(result({ ok: false, segue: side({ lost: 1, notes: ['lost: k#3'] }) }), plainStyle);
    expect(lines.at(-1)).toBe('  Segue did not keep its promise (seed 42).\n    lost: k#3');
  });

  it('paints zeros and others differently, and aligns them all the same', () => {
    const painted = demoTable(result(), makeStyle(true));
    const bare = painted.map((line) => line.replaceAll(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), ''));
    expect(bare).toEqual(demoTable(result(), plainStyle));
    expect(painted.join('')).toContain('\u001b[31m1,234\u001b[39m');
    expect(painted.join('')).toContain('\u001b[32m0\u001b[39m');
  });
});

describe('the side of Segue is fine', () => {
  it('with zeros', () => expect(sideIsFine(side())).toBe(true));

  const jobs = side().jobs;
  const faults: [string, Parameters<typeof side>[0]][] = [
    ['an error', { errors: 1 }],
    ['a lost write', { lost: 1 }],
    ['a doubled write', { doubled: 1 }],
    ['a reordered write', { reordered: 1 }],
    ['a wrong answer', { wrong: 1 }],
    ['a stall without end', { stillStalled: true }],
    ['no write at all', { writes: 0 }],
    ['a lost job', { jobs: { ...jobs, lost: 1 } }],
    ['a doubled job', { jobs: { ...jobs, doubled: 1 } }],
    ['an error of the queue', { jobs: { ...jobs, errors: 1 } }],
    ['a job out of order', { jobs: { ...jobs, wrong: 1 } }],
    ['no job at all', { jobs: { ...jobs, done: 0 } }],
  ];
  it.each(faults)('but not with %s', (_name, changes) => expect(sideIsFine(side(changes))).toBe(false));
});
