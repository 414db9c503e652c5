import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { Log } from '../../../src/session/log.js';
import { property } from '../resp/seeded.js';

const length = fc.oneof(fc.nat(50), fc.nat(5_000), fc.nat(70_000));

/** What may be done with one of two logs, which share their blocks. */
const action = fc.oneof(
  fc.record({ on: fc.nat(1), do: fc.constant('append' as const), length, text: fc.boolean(), wide: fc.boolean() }),
  fc.record({ on: fc.nat(1), do: fc.constant('trim' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ on: fc.nat(1), do: fc.constant('trim-all' as const) }),
);

describe('logs', () => {
  property(
    'are byte arrays that forget their beginning',
    fc.tuple(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 100_000 })),
    ([actions, batchBytesMax]) => {
      const pairs = [0, 1].map(() => ({ log: new Log(), naive: Buffer.alloc(0) as Buffer, base: 0 }));
      actions.forEach((act, step) => {
        const pair = pairs[act.on]!;
        const { log } = pair;
        if (act.do === 'append') {
          const char = act.wide ? '€' : String.fromCharCode(97 + (step % 26));
          const chunk = Buffer.from(char.repeat(act.length));
          const appended = log.append(act.text ? chunk.toString() : Buffer.from(chunk));
          expect(appended.bytes.subarray(appended.from, appended.to).equals(chunk)).toBe(true);
          expect(appended.position).toBe(pair.base + pair.naive.length);
          pair.naive = Buffer.concat([pair.naive, chunk]);
        } else {
          const gone = act.do === 'trim-all' ? pair.naive.length : Math.floor(act.part * pair.naive.length);
          pair.base += gone;
          pair.naive = pair.naive.subarray(gone);
          log.trim(pair.base);
        }
        for (const each of pairs) same(each, batchBytesMax);
      });
    },
    80,
  );
});

function same({ log, naive, base }: { log: Log; naive: Buffer; base: number }, batchBytesMax: number): void {
  expect([log.base, log.tail, log.bytes]).toEqual([base, base + naive.length, naive.length]);
  expect(log.read(log.base, log.tail).equals(naive)).toBe(true);
  const middle = base + (naive.length >> 1);
  const batches = [...log.batches(middle, log.tail, batchBytesMax)];
  expect(Buffer.concat(batches.flat()).equals(naive.subarray(middle - base))).toBe(true);
  for (const batch of batches)
    expect(batch.reduce((sum, part) => sum + part.length, 0)).toBeLessThanOrEqual(batchBytesMax);
  const view = log.view(middle, log.tail);
  if (view !== undefined) expect(view.equals(naive.subarray(middle - base))).toBe(true);
}
