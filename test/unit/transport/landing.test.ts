import { describe, expect, it } from 'vitest';
import { Landing } from '../../../src/transport/landing.js';

const KIB = 1024;
const LARGE = 256 * KIB;
const SMALL = 512;

/** What a socket does: fills as much of the room as there are bytes. */
function read(landing: Landing, bytes: number, then: 'spent' | 'kept'): void {
  landing.landed(Math.min(bytes, landing.room.length));
  if (then === 'spent') landing.spent();
  landing.turn();
}

describe('where a connection that carries much is read into', () => {
  it('uses the same place again when nobody refers to what was read', () => {
    const landing = new Landing('much');
    const { room } = landing;
    for (let round = 0; round < 3; round++) read(landing, 100 * KIB, 'spent');
    expect(landing.room).toBe(room);
  });

  it('reads behind what somebody refers to, and elsewhere when little room is left', () => {
    const landing = new Landing('much');
    const { buffer } = landing.room;
    read(landing, 100 * KIB, 'kept');
    expect([landing.room.buffer, landing.room.length]).toEqual([buffer, 156 * KIB]);
    read(landing, 100 * KIB, 'kept');
    expect([landing.room.buffer === buffer, landing.room.length]).toEqual([false, LARGE]);
  });
});

describe('where a connection that carries little is read into', () => {
  it('owns little, and borrows much while there is more to read', () => {
    const landing = new Landing('little');
    const { room } = landing;
    expect(room.length).toBe(SMALL);
    read(landing, 5000, 'spent');
    const borrowed = landing.room;
    expect(borrowed.length).toBe(LARGE);
    read(landing, 4000, 'spent');
    expect(landing.room).toBe(room);
    const other = new Landing('little');
    read(other, 5000, 'spent');
    expect(other.room).toBe(borrowed);
  });

  it('keeps what it has borrowed as long as somebody refers to a part, and does not give it back', () => {
    const landing = new Landing('little');
    read(landing, SMALL, 'spent');
    const borrowed = landing.room.buffer;
    read(landing, 3000, 'kept');
    expect(landing.room.buffer).toBe(borrowed);
    read(landing, 10, 'spent');
    expect(landing.room.length).toBe(SMALL);
    const other = new Landing('little');
    read(other, SMALL, 'spent');
    expect(other.room.buffer).not.toBe(borrowed);
  });
});
