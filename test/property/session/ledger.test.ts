import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { CommandRun, Fact } from '../../../src/resp/index.js';
import { Ledger, note } from '../../../src/session/ledger.js';
import { effectMarks, Mark } from '../../../src/session/mark.js';
import { property } from '../resp/seeded.js';

const action = fc.record({
  do: fc.constantFrom(
    'push',
    'push',
    'push',
    'run',
    'note',
    'send',
    'answer',
    'release',
    'rewind',
    'annotate',
    'mark',
    'skip',
  ),
  n: fc.nat(40),
});

interface Entry {
  end: number;
  marks: number;
  noted: boolean;
}

/** The same, as an array that never forgets. */
class Naive {
  readonly entries: Entry[] = [];
  base = 0;
  head = 0;
  sent = 0;
  position = 0;
  firstStart = 0;

  get tail(): number {
    return this.entries.length;
  }

  start(index: number): number {
    return index === 0 ? this.firstStart : this.entries[index - 1]!.end;
  }

  get plain(): number {
    const needs = this.entries.findIndex(
      ({ marks }, index) => index >= this.head && (marks & (Mark.Inspect | Mark.Noted)) !== 0,
    );
    return Math.min(needs < 0 ? this.tail : needs, this.sent) - this.head;
  }

  get notes(): number {
    return this.entries.filter(({ noted }, index) => noted && index >= this.base).length;
  }
}

describe('ledgers', () => {
  property(
    'are arrays with four fingers in them',
    fc.array(action, { maxLength: 300, size: 'max' }),
    (actions) => {
      const ledger = new Ledger();
      const naive = new Naive();
      for (const { do: what, n } of actions) {
        perform(ledger, naive, what, n);
        same(ledger, naive);
      }
    },
    150,
  );
});

function perform(ledger: Ledger, naive: Naive, what: string, n: number): void {
  switch (what) {
    case 'push':
    case 'note': {
      const marks = n % 3 === 0 ? Mark.Inspect : n % 3 === 1 ? Mark.Write : 0;
      naive.position += n + 1;
      const noted = what === 'note';
      naive.entries.push({ end: naive.position, marks: noted ? marks | Mark.Noted : marks, noted });
      if (noted) ledger.pushNoted(naive.position, marks, note({ is: 'plain' }));
      else ledger.push(naive.position, marks);
      return;
    }
    case 'run': {
      const run = new CommandRun(40);
      run.begin(n);
      for (let end = 1; end <= n; end++) {
        const facts = end % 3 === 0 ? Fact.Write : Fact.ReadOnly;
        run.add(n + end * 2, facts);
        naive.entries.push({ end: naive.position + end * 2, marks: effectMarks(facts), noted: false });
      }
      ledger.pushRun(naive.position, run);
      naive.position += n * 2;
      return;
    }
    case 'send':
      naive.sent = Math.min(naive.tail, naive.sent + n);
      ledger.sentUpTo(naive.sent);
      return;
    case 'answer': {
      const count = Math.min(naive.tail - naive.head, n);
      naive.head += count;
      naive.sent = Math.max(naive.sent, naive.head);
      ledger.answered(count);
      return;
    }
    case 'release':
      naive.base = Math.max(naive.base, naive.head - (n % 4));
      expect(ledger.release(naive.base)).toBe(naive.start(naive.base));
      return;
    case 'rewind':
      naive.head = naive.base;
      naive.sent = naive.base;
      ledger.rewind();
      return;
    case 'skip':
      naive.position += n;
      if (naive.tail === 0) naive.firstStart = naive.position;
      else naive.entries[naive.tail - 1]!.end = naive.position;
      ledger.skip(naive.position);
      return;
    default:
      change(ledger, naive, what, n);
  }
}

function change(ledger: Ledger, naive: Naive, what: string, n: number): void {
  if (naive.base === naive.tail) return;
  const index = naive.base + (n % (naive.tail - naive.base));
  const entry = naive.entries[index]!;
  if (what === 'annotate') {
    ledger.annotate(index, { is: 'plain' });
    entry.marks |= Mark.Noted;
    entry.noted = true;
  } else {
    ledger.addMark(index, Mark.Inspect);
    entry.marks |= Mark.Inspect;
  }
}

function same(ledger: Ledger, naive: Naive): void {
  const { base, head, sent, tail, plain, notes } = naive;
  expect(ledger).toMatchObject({
    base,
    head,
    sent,
    tail,
    plain,
    notes,
    inflight: sent - head,
    unanswered: tail - head,
  });
  let wrong = 0;
  for (let index = base; index < tail; index++) {
    const { end, marks, noted } = naive.entries[index]!;
    const known = ledger.start(index) === naive.start(index) && ledger.end(index) === end;
    if (!known || ledger.marks(index) !== marks || (ledger.note(index) !== undefined) !== noted) wrong++;
  }
  expect(wrong).toBe(0);
  const middle = naive.start(base + ((tail - base) >> 1));
  const first = naive.entries.findIndex(({ end }, index) => index >= sent && end > middle);
  expect(ledger.firstEndingAfter(middle)).toBe(first < 0 ? tail : first);
}
