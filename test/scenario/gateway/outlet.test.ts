import { describe, expect, it } from 'vitest';
import { Outlet } from '../../../src/gateway/outlet.js';
import { FakeLink, turn } from './wire.js';

const KIB = 1024;

function stage() {
  const link = new FakeLink();
  const flushed: boolean[] = [];
  const outlet = new Outlet(link, { flushed: (drained) => flushed.push(drained) });
  return { link, outlet, flushed };
}

describe('what waits for a client', () => {
  it('leaves at the end of the turn, in one system call', async () => {
    const { link, outlet, flushed } = stage();
    for (const part of ['a', 'b', '', 'c']) outlet.send(Buffer.from(part));
    expect([link.writes, outlet.backlogBytes]).toEqual([[], 3]);
    await turn();
    expect([link.writes, outlet.backlogBytes, outlet.sentBytes]).toEqual([['abc'], 0, 3]);
    expect(flushed).toEqual([true]);
  });

  it('goes to the kernel in batches, large ones cut, and each counts when it is taken', async () => {
    const { link, outlet, flushed } = stage();
    link.stuck = true;
    outlet.send(Buffer.alloc(600 * KIB, 'x'));
    outlet.send(Buffer.from('end'));
    await turn();
    expect(link.writes.map((one) => one.length)).toEqual([256 * KIB]);
    expect([outlet.sentBytes, outlet.backlogBytes]).toEqual([0, 600 * KIB + 3]);
    for (const sent of [256 * KIB, 512 * KIB]) {
      link.unstick();
      outlet.onWritable();
      expect(outlet.sentBytes).toBe(sent);
    }
    expect(flushed).toEqual([false, false, false]);
    link.unstick();
    outlet.onWritable();
    expect(outlet.backlogBytes).toBe(0);
    expect(flushed.at(-1)).toBe(true);
    expect(link.text).toBe(`${'x'.repeat(600 * KIB)}end`);
  });

  it('what comes behind a backlog waits its turn', async () => {
    const { link, outlet } = stage();
    link.stuck = true;
    outlet.send(Buffer.from('first'));
    await turn();
    outlet.send(Buffer.from('second'));
    await turn();
    expect(link.writes).toEqual(['first']);
    link.stuck = false;
    link.unstick();
    outlet.onWritable();
    expect(link.writes).toEqual(['first', 'second']);
  });

  it('ends our side after all of it, and takes nothing behind the end', async () => {
    const { link, outlet } = stage();
    link.stuck = true;
    outlet.send(Buffer.from('last'));
    outlet.end();
    outlet.send(Buffer.from('too late'));
    await turn();
    expect([link.writes, link.ended]).toEqual([['last'], false]);
    link.unstick();
    outlet.onWritable();
    expect(link.ended).toBe(true);
  });

  it('any sizes in any turns arrive as they were sent', async () => {
    const { link, outlet } = stage();
    let sent = '';
    for (let n = 0; n < 200; n++) {
      const part = String.fromCharCode(97 + (n % 26)).repeat((n * 7919) % 90_000);
      sent += part;
      outlet.send(Buffer.from(part));
      if (n % 3 === 0) link.stuck = !link.stuck;
      if (n % 5 === 0) await turn();
      if (n % 4 === 0) {
        link.unstick();
        outlet.onWritable();
      }
    }
    link.stuck = false;
    await turn();
    link.unstick();
    outlet.onWritable();
    expect(link.text === sent).toBe(true);
    expect([outlet.sentBytes, outlet.backlogBytes]).toEqual([sent.length, 0]);
  });
});
