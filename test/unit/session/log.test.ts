import { describe, expect, it } from 'vitest';
import { Log } from '../../../src/session/log.js';

const text = (log: Log, from = log.base, to = log.tail) => log.read(from, to).toString('utf8');

describe('a log', () => {
  it('gives back what was appended, text or bytes', () => {
    const log = new Log();
    log.append('abc');
    log.append(Buffer.from('déf'));
    log.append('ghi €');
    expect(text(log)).toBe('abcdéfghi €');
    expect([log.base, log.tail, log.bytes]).toEqual([0, 14, 14]);
  });

  it('says where an appended chunk stands', () => {
    const log = new Log();
    log.append('abc');
    const { bytes, from, to, position } = log.append('def');
    expect(bytes.toString('utf8', from, to)).toBe('def');
    expect(position).toBe(3);
  });

  it('copies small chunks, so that their giver may change them', () => {
    const log = new Log();
    const chunk = Buffer.from('abc');
    log.append(chunk);
    chunk.fill('x');
    expect(text(log)).toBe('abc');
  });

  it.each([10_000, 64 * 1024, 200_000])('copies %d borrowed bytes', (length) => {
    const log = new Log();
    const chunk = Buffer.alloc(length, 'a');
    log.append(chunk, true);
    chunk.fill('x');
    expect(text(log)).toBe('a'.repeat(length));
  });

  it('keeps large chunks by reference', () => {
    const log = new Log();
    const chunk = Buffer.alloc(10_000, 'a');
    const { bytes } = log.append(chunk);
    expect(bytes).toBe(chunk);
  });

  it('never splits a chunk over two segments', () => {
    const log = new Log();
    for (const length of [60_000, 3_000, 3_000, 20_000, 4_000]) {
      const { bytes, from, to } = log.append('x'.repeat(length));
      expect(to - from).toBe(length);
      expect(bytes.length).toBeGreaterThanOrEqual(to);
    }
  });

  it('forgets what is before a position, and goes on counting', () => {
    const log = new Log();
    log.append('abcdef');
    log.trim(2);
    expect([log.base, log.bytes, text(log)]).toEqual([2, 4, 'cdef']);
    log.trim(6);
    expect([log.base, log.tail, log.bytes]).toEqual([6, 6, 0]);
    log.append('gh');
    expect([log.base, log.tail, text(log)]).toEqual([6, 8, 'gh']);
  });

  it('takes an empty chunk', () => {
    const log = new Log();
    log.append('');
    log.append(Buffer.alloc(0));
    expect(log.bytes).toBe(0);
    log.trim(0);
    log.append('a');
    expect(text(log)).toBe('a');
  });

  it('what is retained is not overwritten by other logs, however many blocks come and go', () => {
    const first = new Log();
    first.append('f'.repeat(100));
    const others = Array.from({ length: 100 }, () => new Log());
    for (const log of others) log.append('o'.repeat(5_000));
    for (const log of others) log.trim(5_000);
    for (const log of others) log.append('p'.repeat(5_000));
    expect(text(first)).toBe('f'.repeat(100));
    for (const log of others) expect(text(log)).toBe('p'.repeat(5_000));
  });

  it('views of one block, batches over several', () => {
    const log = new Log();
    log.append('a'.repeat(10));
    log.append(Buffer.alloc(5_000, 'b'));
    log.append('c'.repeat(10));
    expect(log.view(0, 5)).toBeUndefined();
    expect(log.view(5_012, 5_015)?.toString()).toBe('ccc');
    const batches = [...log.batches(5, 5_015, 2_000)];
    expect(batches.map((batch) => batch.map((part) => part.length))).toEqual([[5, 1_995], [2_000], [1_005, 5]]);
    expect(Buffer.concat(batches.flat()).equals(log.read(5, 5_015))).toBe(true);
    expect([...log.batches(7, 7, 100)]).toEqual([]);
  });

  it('positions are exact past 2^32', () => {
    const log = new Log();
    const chunk = Buffer.alloc(64 * 1024 * 1024);
    for (let i = 0; i < 70; i++) {
      log.append(chunk);
      log.trim(log.tail);
    }
    log.append('end');
    expect(log.tail).toBe(70 * 64 * 1024 * 1024 + 3);
    expect(text(log)).toBe('end');
  });
});
