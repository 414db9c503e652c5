import { describe, expect, it } from 'vitest';
import { WaitingRoom } from '../../../../src/doors/gateway/waiting-room.js';
import { manualClock } from '../../../../src/transport/index.js';

describe('a waiting room', () => {
  it('calls in the order in which they came, and keeps the place of who is there', () => {
    const room = new WaitingRoom<string>(manualClock());
    for (const client of ['a', 'b', 'a', 'c', 'd']) room.enter(client);
    room.leave('c');
    expect([room.call(0), room.call(2), room.isEmpty]).toEqual([[], ['a', 'b'], false]);
    room.enter('a');
    expect([room.call(Number.POSITIVE_INFINITY), room.isEmpty]).toEqual([['d', 'a'], true]);
  });

  it('calls who has waited for 100 ms, even if there is no place', () => {
    const clock = manualClock();
    const room = new WaitingRoom<string>(clock);
    room.enter('a');
    clock.advance(99);
    room.enter('b');
    expect(room.call(0)).toEqual([]);
    clock.advance(1);
    expect(room.call(0)).toEqual(['a']);
    room.clear();
    expect(room.isEmpty).toBe(true);
  });
});
