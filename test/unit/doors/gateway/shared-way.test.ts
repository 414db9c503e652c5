import { beforeEach, describe, expect, it } from 'vitest';
import type { Downstream } from '../../../../src/doors/gateway/downstream.js';
import { SharedWay, type SharedWayOwner } from '../../../../src/doors/gateway/shared-way.js';
import { Trunks } from '../../../../src/doors/gateway/trunks.js';
import type { Pair, SessionPlace } from '../../../../src/doors/pair.js';
import { type CommandRun, encodeCommand } from '../../../../src/resp/index.js';
import type { Session, SessionOptions } from '../../../../src/session/index.js';
import type { PrimaryView } from '../../../../src/topology/index.js';
import { type ManualClock, manualClock } from '../../../../src/transport/index.js';

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
  readonly left: number[] = [];
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
    this.way = new SharedWay(this, trunks, { session, limits: { clientCommandsMax: 1e6, clientBytesMax: 1e9 } });
  }

  ask(commands: number): void {
    this.way.take(Buffer.concat(Array.from({ length: commands }, () => GET)));
  }
  leave(reach: number): void {
    this.left.push(reach);
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
    const pair = {
      topology: { primary: undefined },
      session(place: SessionPlace): Session<PrimaryView> {
        session = new SilentSession(place);
        return session as unknown as Session<PrimaryView>;
      },
      keepInformed: () => () => {},
    } as unknown as Pair;
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
