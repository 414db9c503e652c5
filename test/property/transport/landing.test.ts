import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { type Burden, Landing } from '../../../src/transport/landing.js';
import { property } from '../resp/seeded.js';

const KIB = 1024;

const chunk = fc.record({
  who: fc.nat(3),
  bytes: fc.oneof(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 300 * KIB })),
  spent: fc.boolean(),
});

describe('several connections', () => {
  property(
    'what somebody refers to does not change',
    fc.record({
      burdens: fc.array(fc.constantFrom<Burden>('much', 'little'), { minLength: 4, maxLength: 4 }),
      chunks: fc.array(chunk, { maxLength: 60 }),
    }),
    ({ burdens, chunks }) => {
      const landings = burdens.map((burden) => new Landing(burden));
      const referred: { chunk: Buffer; fill: number }[] = [];
      for (const [index, { who, bytes, spent: isSpent }] of chunks.entries()) {
        const landing = landings[who]!;
        for (let left = bytes; left > 0; ) {
          const count = Math.min(left, landing.room.length);
          landing.room.fill(index, 0, count);
          const chunk = landing.landed(count);
          if (isSpent) landing.spent();
          else referred.push({ chunk, fill: index });
          landing.turn();
          left -= count;
        }
      }
      for (const { chunk, fill } of referred) expect(chunk.equals(Buffer.alloc(chunk.length, fill))).toBe(true);
    },
    100,
  );
});
