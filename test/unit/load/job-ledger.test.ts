import { describe, expect, it } from 'vitest';
import { JobLedger, jobsAreClean } from '../../../src/lab/load/job-ledger.js';

const loss = new Error('Connection is closed.');
const refusal = Object.assign(new Error('READONLY'), { name: 'ReplyError' });

/** Jobs 0 and 1, a flow with children 2 and 3 and parent 4; job 5 as told. */
function given(last: 'acked' | 'pending' | Error = 'acked'): JobLedger {
  const ledger = new JobLedger();
  ledger.ack(ledger.issue());
  ledger.ack(ledger.issue());
  ledger.ack(ledger.issue(2));
  const numbers = ledger.issue();
  if (last === 'acked') ledger.ack(numbers);
  else if (last !== 'pending') ledger.fail(numbers, last);
  return ledger;
}

describe('JobLedger', () => {
  const cases: [string, Parameters<typeof given>[0], number[], Record<string, number>][] = [
    ['all is well, in any order', 'acked', [1, 0, 3, 2, 5, 4], {}],
    ['one is missing', 'acked', [0, 1, 2, 3, 4], { lost: 1 }],
    ['one is done twice', 'acked', [0, 1, 2, 3, 4, 5, 0], { doubled: 1 }],
    ['one is done three times', 'acked', [0, 0, 0, 1, 2, 3, 4, 5], { doubled: 2 }],
    ['a parent comes before a child', 'acked', [0, 1, 2, 4, 3, 5], { early: 1 }],
    ['a child is missing', 'acked', [0, 1, 2, 4, 5], { lost: 1, early: 1 }],
    ['one is unknown', 'acked', [0, 1, 2, 3, 4, 5, 6], { ghosts: 1 }],
    ['refused and not done', refusal, [0, 1, 2, 3, 4], {}],
    ['refused and done', refusal, [0, 1, 2, 3, 4, 5], { ghosts: 1 }],
    ['uncertain and done', loss, [0, 1, 2, 3, 4, 5], {}],
    ['uncertain and not done', loss, [0, 1, 2, 3, 4], {}],
    ['uncertain and done twice', loss, [0, 1, 2, 3, 4, 5, 5], { doubled: 1 }],
    ['never answered', 'pending', [0, 1, 2, 3, 4], { unsettled: 1 }],
  ];
  it.each(cases)('%s', (_name, last, done, expected) => {
    const verdict = given(last).verify(done);
    const { checked: _checked, notes: _notes, ...numbers } = verdict;
    expect(Object.fromEntries(Object.entries(numbers).filter(([, count]) => count !== 0))).toEqual(expected);
    expect(jobsAreClean(verdict)).toBe(Object.keys(expected).length === 0);
  });
});
