import { describe, expect, it } from 'vitest';
import { Carry } from '../../../../src/doors/gateway/carry.js';
import { CommandScanner, CommandTable } from '../../../../src/resp/index.js';

const fresh = () => new Carry(new CommandScanner(CommandTable.standard()));
const sizes = [0, 1, 2047, 2048, 2049, 4095, 4096, 4097, 65_535, 65_536, 65_537, 200_000];

describe('the beginning of a command', () => {
  it.each(sizes)('is kept as it was, in memory of its own: %i bytes', (size) => {
    const carry = fresh();
    const part = Buffer.alloc(size, 'a');
    carry.add(part);
    carry.add(part);
    part.fill('b');
    expect([carry.bytes, carry.parts.length]).toEqual([2 * size, 2]);
    for (const kept of carry.parts) expect(kept.equals(Buffer.alloc(size, 'a'))).toBe(true);
  });

  it('gives its memory to the next one, and never to two', () => {
    const first = fresh();
    for (const size of sizes) first.add(Buffer.alloc(size, 'a'));
    first.release();
    first.release();
    const others = [fresh(), fresh()];
    for (const [index, carry] of others.entries())
      for (const size of sizes) carry.add(Buffer.alloc(size, String(index)));
    for (const [index, { parts }] of others.entries())
      for (const part of parts) expect(part.equals(Buffer.alloc(part.length, String(index)))).toBe(true);
  });

  it('takes memory that was used before', () => {
    const first = fresh();
    first.add(Buffer.alloc(5000));
    const memory = first.parts[0]!.buffer;
    first.release();
    const second = fresh();
    second.add(Buffer.alloc(7000));
    expect(second.parts[0]!.buffer).toBe(memory);
  });
});
