import { describe, expect, it } from 'vitest';
import { limitsOf } from '../../../src/gateway/gateway-options.js';
import type { ClientHandler, ClientStanding, CloseReason } from '../../../src/gateway/listener.js';
import { type ClientHost, ServedClient } from '../../../src/gateway/served-client.js';
import { Stopwatch } from '../../../src/gateway/stopwatch.js';
import { Vigil } from '../../../src/gateway/vigil.js';
import { manualClock } from '../../../src/transport/index.js';
import { FakeLink, turn } from './wire.js';

/** A handler that does what the test says, and notes what it is told. */
class FakeHandler implements ClientHandler {
  readonly told: string[] = [];
  standing: ClientStanding = 'idle';
  commands = 0;
  answered: number | undefined;
  held = { bytes: 0, commands: 0 };

  take(bytes: Buffer): void {
    this.told.push(`take ${bytes}`);
  }
  ended(): void {
    this.told.push('ended');
  }
  drained(): void {
    this.told.push('drained');
  }
  wind(): void {
    this.told.push('wind');
  }
  gone(): void {
    this.told.push('gone');
  }
  describe() {
    return {};
  }
}

function stage(limits = {}) {
  const tookMs: number[] = [];
  const host: ClientHost & { now: number; told: string[]; heldBytes: number } = {
    stopwatch: new Stopwatch(0, (ms) => tookMs.push(ms)),
    vigil: new Vigil(manualClock(), false),
    time: () => host.now,
    limits: limitsOf({ idleTimeoutMs: 1_000, handshakeTimeoutMs: 500, stallTimeoutMs: 2_000, ...limits }),
    now: 0,
    told: [],
    heldBytes: 0,
    account(_client, change) {
      this.heldBytes += change;
    },
    parted(_client, why: CloseReason | undefined) {
      this.told.push(`parted ${why}`);
    },
    gone() {
      this.told.push('gone');
    },
    faulted(_client, error) {
      this.told.push(`faulted ${(error as Error).message}`);
    },
  };
  const link = new FakeLink();
  const client = new ServedClient(1, link, host);
  const handler = new FakeHandler();
  client.serve(() => handler);
  const look = (now: number): string[] => {
    host.now = now;
    client.look(now);
    return host.told;
  };
  return { host, link, client, handler, look, tookMs };
}

describe('limits on time', () => {
  it.each([
    ['new', 499, []],
    ['new', 500, ['parted handshake']],
    ['idle', 999, []],
    ['idle', 1_000, ['parted idle']],
    ['busy', 100_000, []],
    ['listening', 100_000, []],
  ] as const)('%s for %i ms: %j', (standing, ms, told) => {
    const { handler, look, link } = stage();
    handler.standing = standing;
    look(0);
    expect(look(ms)).toEqual(told);
    expect(link.closed).toBe(told.length > 0);
  });

  it('a byte from the client, and one to it, make it young again', async () => {
    const { client, look } = stage();
    look(0);
    client.onData(Buffer.from('x'));
    expect(look(900)).toEqual([]);
    expect(look(1_899)).toEqual([]);
    client.send(Buffer.from('y'));
    await turn();
    expect(look(1_900)).toEqual([]);
    expect(look(2_900)).toEqual(['parted idle']);
  });

  it('stalled: only while something waits and nothing of it is taken', async () => {
    const { client, link, handler, look } = stage();
    handler.standing = 'listening';
    link.stuck = true;
    look(0);
    client.send(Buffer.alloc(300 * 1024));
    await turn();
    expect(look(1_999)).toEqual([]);
    link.unstick();
    client.onWritable();
    expect(look(2_500)).toEqual([]);
    expect(look(4_499)).toEqual([]);
    expect(look(4_500)).toEqual(['parted stalled']);
    expect(link.closed).toBe(true);
  });

  it('a client that has ended its side is not waited for without bound', () => {
    const { client, handler, look } = stage();
    handler.standing = 'busy';
    look(0);
    client.onEnd();
    expect(handler.told).toEqual(['ended']);
    expect(look(1_999)).toEqual([]);
    expect(look(2_000)).toEqual(['parted stalled']);
  });
});

describe('the end of a client', () => {
  it('finish: all that waits leaves, our side ends, what still comes is dropped; then it is closed', async () => {
    const { client, link, handler, host, look } = stage();
    client.pause();
    client.send(Buffer.from('bye'));
    client.finish();
    expect(handler.told).toEqual(['gone']);
    expect(host.told).toEqual(['parted undefined']);
    await turn();
    expect([link.text, link.ended, link.closed, link.paused]).toEqual(['bye', true, false, false]);
    client.onData(Buffer.from('more'));
    client.send(Buffer.from('nothing'));
    look(999);
    expect(link.closed).toBe(false);
    look(1_000);
    expect(link.closed).toBe(true);
    client.onClose();
    expect(host.told).toEqual(['parted undefined', 'gone']);
    expect(link.text).toBe('bye');
  });

  it('finish of a client that does not read waits as long as any stalled one may', async () => {
    const { client, link, look } = stage();
    link.stuck = true;
    client.send(Buffer.from('bye'));
    await turn();
    look(0);
    client.finish();
    look(1_999);
    expect(link.closed).toBe(false);
    look(2_000);
    expect(link.closed).toBe(true);
  });

  it('a connection that is lost: the handler hears of it once, and what it held is free', () => {
    const { client, handler, host } = stage();
    handler.held = { bytes: 100, commands: 1 };
    client.onData(Buffer.from('x'));
    expect(host.heldBytes).toBe(100);
    client.onClose();
    expect(handler.told).toEqual(['take x', 'gone']);
    expect(host.heldBytes).toBe(0);
    expect(host.told).toEqual(['parted undefined', 'gone']);
  });

  it('output: what waits is dropped with the client, a single larger answer is not', async () => {
    const { client, link, host } = stage({ outputBytesMax: 1024 });
    link.stuck = true;
    client.send(Buffer.alloc(10_000));
    expect(host.told).toEqual([]);
    await turn();
    client.send(Buffer.from('more'));
    expect(host.told).toEqual(['parted output']);
    expect(link.closed).toBe(true);
    expect(client.backlogBytes).toBe(0);
  });
});

describe('when all clients together have too much outstanding', () => {
  it('one that waits for answers is not read until it is relaxed or has them', () => {
    const { client, link, handler } = stage();
    handler.held = { bytes: 500, commands: 3 };
    client.restrain();
    expect(link.paused).toBe(true);
    client.relax();
    expect(link.paused).toBe(false);
    client.restrain();
    handler.held = { bytes: 20, commands: 0 };
    client.look(1);
    expect(link.paused).toBe(false);
  });

  it('one with nothing but half a command is told and closed', async () => {
    const { client, link, handler, host } = stage();
    handler.held = { bytes: 500, commands: 0 };
    client.restrain();
    await turn();
    expect(link.text).toMatch(/^-GATEWAYLIMIT .*\r\n$/);
    expect(link.ended).toBe(true);
    expect(host.told).toEqual(['parted held']);
  });

  it('reasons to pause add up', () => {
    const { client, link, handler } = stage();
    handler.held = { bytes: 500, commands: 3 };
    client.pause();
    client.restrain();
    client.resume();
    expect(link.paused).toBe(true);
    client.relax();
    expect(link.paused).toBe(false);
  });
});

describe('how long answers take', () => {
  it('is from the bytes of a command until its own answer has left', async () => {
    const { host, client, handler, tookMs } = stage();
    Object.assign(handler, { commands: 2, answered: 0 });
    host.now = 10;
    client.onData(Buffer.from('two commands'));
    handler.answered = 1;
    client.send(Buffer.from('one answer'));
    await turn();
    expect(tookMs).toEqual([]);
    host.now = 14;
    handler.answered = 2;
    client.send(Buffer.from('the other'));
    await turn();
    expect(tookMs).toEqual([4]);
    client.send(Buffer.from('no answer'));
    await turn();
    expect(tookMs).toEqual([4]);
  });

  it('is not measured for a client that waits on purpose, nor for half a command', async () => {
    const { client, handler, tookMs } = stage();
    handler.commands = 1;
    client.onData(Buffer.from('BLPOP'));
    client.send(Buffer.from('an element'));
    await turn();
    handler.answered = 1;
    client.onData(Buffer.from('half'));
    client.send(Buffer.from('a push'));
    await turn();
    expect(tookMs).toEqual([]);
  });

  it('is measured for no more than some hundred commands a second', () => {
    const stopwatch = new Stopwatch(0, () => {});
    const measuredIn = (second: number, chunks: number): number => {
      let measured = 0;
      for (let n = 0; n < chunks; n++) if (stopwatch.due()) measured++;
      stopwatch.set(second * 1_000);
      return measured;
    };
    expect(measuredIn(1, 100)).toBe(100);
    measuredIn(2, 100_000);
    expect(measuredIn(3, 100_000)).toBeGreaterThan(150);
    expect(measuredIn(4, 100_000)).toBeLessThan(250);
    measuredIn(5, 50);
    expect(measuredIn(6, 50)).toBeGreaterThan(45);
  });
});

describe('what a handler throws', () => {
  const broken = () => {
    throw new Error('a fault');
  };

  it.each([
    ['take', (client: ServedClient) => client.onData(Buffer.from('x'))],
    ['ended', (client: ServedClient) => client.onEnd()],
    ['wind', (client: ServedClient) => client.wind()],
  ] as const)('in %s ends this client, and is told once', (method, act) => {
    const { client, handler, host, link } = stage();
    handler[method] = broken;
    act(client);
    act(client);
    client.look(100_000);
    expect(host.told).toEqual(['faulted a fault', 'parted fault']);
    expect(handler.told.filter((told) => told === 'gone')).toHaveLength(1);
    expect(link.closed).toBe(true);
    expect(host.heldBytes).toBe(0);
  });

  it.each(['standing', 'held'] as const)('also where it is only asked for what it knows: %s', (name) => {
    const { client, handler, host } = stage();
    Object.defineProperty(handler, name, { get: broken });
    client.look(10);
    expect(host.told).toEqual(['faulted a fault', 'parted fault']);
  });

  it('also in its end, and where it cannot even be made', async () => {
    const { client, handler, host } = stage();
    handler.gone = broken;
    client.close('idle');
    expect(host.told).toEqual(['faulted a fault', 'parted idle']);
    const other = stage();
    other.client.serve(broken);
    expect(other.host.told).toEqual([]);
    await turn();
    expect(other.host.told).toEqual(['faulted a fault', 'parted fault']);
  });
});
