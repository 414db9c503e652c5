import { beforeEach, describe, expect, it } from 'vitest';
import type { Downstream } from '../../../../src/doors/gateway/downstream.js';
import { SharedWay, type SharedWayOwner } from '../../../../src/doors/gateway/shared-way.js';
import { Trunks } from '../../../../src/doors/gateway/trunks.js';
import type { SessionPlace } from '../../../../src/doors/pair.js';
import { type CommandRun, encodeCommand } from '../../../../src/resp/index.js';
import type { SessionOptions } from '../../../../src/session/index.js';
import { type ManualClock, manualClock } from '../../../../src/transport/index.js';
import { pairOf } from './pair-of.js';

const KIB = 1024;
const GET = encodeCommand(['GET', 'k']);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What the trunk's session would be: it says nothing until it is told to. */
class SilentSession {
  readonly state = { at: 'flowing', view: { node: 'a' } };
  unanswered = 0;

  constructor(readonly place: SessionPlace) {}

  take(): void {
    this.unanswered++;
  }
  takeRun(_bytes: Buffer, run: CommandRun): void {
    this.unanswered += run.length;
  }
  /** All that anybody asks for here only reads. */
  lastReads(_behind: number, commands: number): { bytes: Buffer; commands: number } {
    return { bytes: Buffer.concat(new Array(commands).fill(GET)), commands };
  }
  open(): void {}
  flush(): void {}
  close(): void {}

  /** To so many of its clients' commands, each of so many bytes. */
  async answer(answers: number, bytes = 3): Promise<void> {
    this.unanswered -= answers;
    this.place.deliver(Buffer.from(`$${bytes}\r\n${'v'.repeat(bytes)}\r\n`.repeat(answers)));
    this.place.spent?.();
    await turn();
  }
}

class Client implements SharedWayOwner {
  readonly expectant = false;
  readonly way: SharedWay;
  /** It does not read, and so much waits for it. */
  backlogBytes = 0;
  outputBytesMax = 1e9;
  readonly left: number[] = [];
  /** What it left with. */
  rest: Buffer | undefined;
  readonly downstream: Downstream;

  constructor(trunks: Trunks, session: Partial<SessionOptions>) {
    const client = this;
    this.downstream = {
      send() {},
      flush: () => client.backlogBytes === 0,
      get backlogBytes() {
        return client.backlogBytes;
      },
      pause() {},
      resume() {},
      finish() {},
      fault(error) {
        throw error;
      },
    };
    const limits = {
      clientCommandsMax: 1e6,
      clientBytesMax: 1e9,
      get outputBytesMax() {
        return client.outputBytesMax;
      },
    };
    this.way = new SharedWay(this, trunks, { session, limits });
  }

  ask(commands: number): void {
    this.way.take(Buffer.concat(Array.from({ length: commands }, () => GET)));
  }
  leave(reach: number, rest: readonly Buffer[]): void {
    this.left.push(reach);
    this.rest = Buffer.concat(rest);
  }
  pass(bytes: Buffer): void {
    this.way.take(bytes);
  }
  turn(): void {}
}

describe('how much of one client is outstanding on a shared connection', () => {
  let trunks: Trunks;
  let session: SilentSession;
  let clock: ManualClock;

  beforeEach(async () => {
    const pair = pairOf((place) => {
      session = new SilentSession(place);
      return session;
    });
    clock = manualClock();
    trunks = new Trunks({ pair, session: {}, answers: () => undefined, onEvent: () => {}, clock });
    // Clients that have not logged in share once the node has served one.
    new Client(trunks, {}).ask(1);
    await session.answer(2);
  });

  /** Has been answered once. */
  async function client(answerBytes = 3): Promise<Client> {
    const one = new Client(trunks, {});
    one.ask(1);
    await session.answer(1, answerBytes);
    return one;
  }

  it('one command, while nobody knows how large its answers are', async () => {
    const one = new Client(trunks, {});
    one.ask(10);
    expect([one.way.unanswered, session.unanswered]).toEqual([1, 1]);
    await session.answer(1);
    expect(one.way.unanswered).toBe(9);
  });

  it('up to 128 commands with small answers', async () => {
    const one = await client();
    one.ask(1000);
    expect(one.way.unanswered).toBe(128);
    await session.answer(63);
    expect(one.way.unanswered).toBe(65);
    await session.answer(1);
    expect(one.way.unanswered).toBe(128);
  });

  it('what comes to 4 MiB of answers, when it is alone', async () => {
    const one = await client(63 * KIB);
    one.ask(1000);
    expect(one.way.unanswered).toBe(65);
  });

  it('what comes to 128 KiB of answers, when many others wait', async () => {
    const others: Client[] = [];
    for (let other = 0; other < 50; other++) others.push(await client());
    const one = await client(15 * KIB);
    for (const other of others) other.ask(1);
    one.ask(1000);
    expect(one.way.unanswered).toBe(8);
  });

  it.each([
    [0, 20],
    [1, 40],
    [2, 81],
    [3, 128],
  ])('after a large answer and %i small ones %i commands', async (small, allowed) => {
    const one = await client(200 * KIB);
    for (let answered = 0; answered < small; answered++) {
      one.ask(1);
      await session.answer(1);
    }
    one.ask(1000);
    expect(one.way.unanswered).toBe(allowed);
  });

  it('one command while it does not read what it was given', async () => {
    const one = await client();
    one.ask(2);
    one.backlogBytes = 100;
    await session.answer(2);
    one.ask(10);
    expect(one.way.unanswered).toBe(1);
    one.backlogBytes = 0;
    await session.answer(1);
    expect(one.way.unanswered).toBe(9);
  });

  describe('when its answers have become far larger at once', () => {
    const MIB = 1024 * KIB;

    /** One with 128 commands outstanding, and another behind it. */
    async function two(): Promise<[Client, Client]> {
      const one = await client();
      const other = await client();
      one.ask(130);
      other.ask(1);
      return [one, other];
    }

    it('it takes back what it has not got and asks for it over a connection of its own', async () => {
      const [one, other] = await two();
      one.way.take(GET.subarray(0, 5));
      one.backlogBytes = 9 * MIB;
      await session.answer(1, 9 * MIB);
      expect([one.way.unanswered, one.way.commands, one.left.length]).toEqual([0, 2, 1]);
      expect(one.rest).toEqual(Buffer.concat([...new Array(129).fill(GET), GET.subarray(0, 5)]));
      await session.answer(128);
      expect(other.way.unanswered).toBe(0);
    });

    it('earlier, where less may wait for one client', async () => {
      const [one] = await two();
      one.outputBytesMax = MIB;
      one.backlogBytes = MIB / 2;
      await session.answer(1);
      expect(one.left).toEqual([]);
      one.backlogBytes++;
      await session.answer(1);
      expect([one.way.unanswered, one.left.length]).toEqual([0, 1]);
    });

    it('not while it keeps up', async () => {
      const [one] = await two();
      await session.answer(1, 9 * MIB);
      expect([one.way.unanswered, one.left]).toEqual([127, []]);
    });
  });

  it('goes on with another connection when the one that it shared has ended', async () => {
    const one = await client();
    trunks.close();
    one.ask(10);
    expect([one.way.unanswered, one.left]).toEqual([1, []]);
  });

  describe('while the connection has much to do', () => {
    /** As many commands as others may have outstanding at that time. */
    const PIECE = 62;

    /** Eight clients with 128 commands each. */
    async function crowd(): Promise<void> {
      const others = await Promise.all(Array.from({ length: 8 }, () => client()));
      for (const other of others) other.ask(128);
    }

    /** One that has had its first piece, and more to send; behind it others are at work. */
    async function waiting(): Promise<Client> {
      const one = await client();
      const others: Client[] = [];
      for (let other = 0; other < 17; other++) others.push(await client());
      await crowd();
      one.ask(1000);
      for (const other of others) other.ask(128);
      expect([one.way.unanswered, others.at(-1)!.way.unanswered]).toEqual([PIECE, PIECE]);
      await session.answer(8 * 128 + PIECE);
      expect([one.way.unanswered, one.way.atRest, one.way.held.commands]).toEqual([0, false, 1]);
      return one;
    }

    it('a piece, and the rest as soon as there is room', async () => {
      const one = await client();
      await crowd();
      one.ask(1000);
      expect(one.way.unanswered).toBe(PIECE);
      await session.answer(8 * 128);
      expect(one.way.unanswered).toBe(PIECE);
      await session.answer(1);
      expect(one.way.unanswered).toBe(128);
    });

    it('of large commands a few', async () => {
      const one = await client();
      await crowd();
      one.way.take(Buffer.concat(Array.from({ length: 100 }, () => encodeCommand(['SET', 'k', 'v'.repeat(4 * KIB)]))));
      expect(one.way.unanswered).toBe(16);
    });

    it('who comes does not wait for the rest of others', async () => {
      const late = await client();
      const one = await waiting();
      late.ask(10);
      expect([late.way.unanswered, one.way.unanswered]).toEqual([10, 0]);
      await session.answer(300);
      expect(one.way.unanswered).toBe(128);
    });

    it('what the client sends now does not overtake what waits', async () => {
      const one = await waiting();
      one.ask(1);
      expect(one.way.unanswered).toBe(0);
    });

    it('nobody waits for longer than 100 ms while answers come', async () => {
      const one = await waiting();
      clock.advance(99);
      await session.answer(1);
      expect(one.way.unanswered).toBe(0);
      clock.advance(1);
      await session.answer(1);
      expect(one.way.unanswered).toBe(128);
    });

    it('what waits goes over another connection when this one ends', async () => {
      const one = await waiting();
      trunks.close();
      await turn();
      expect([one.way.unanswered, one.left]).toEqual([1, []]);
    });
  });
});
