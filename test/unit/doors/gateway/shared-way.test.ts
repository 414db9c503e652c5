import { beforeEach, describe, expect, it } from 'vitest';
import type { Downstream } from '../../../../src/doors/gateway/downstream.js';
import { SharedWay, type SharedWayOwner } from '../../../../src/doors/gateway/shared-way.js';
import { Trunks } from '../../../../src/doors/gateway/trunks.js';
import type { Pair, SessionPlace } from '../../../../src/doors/pair.js';
import { type CommandRun, encodeCommand } from '../../../../src/resp/index.js';
import type { Session, SessionOptions } from '../../../../src/session/index.js';
import type { PrimaryView } from '../../../../src/topology/index.js';
import { manualClock } from '../../../../src/transport/index.js';

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

  beforeEach(async () => {
    const pair = {
      topology: { primary: undefined },
      session(place: SessionPlace): Session<PrimaryView> {
        session = new SilentSession(place);
        return session as unknown as Session<PrimaryView>;
      },
      keepInformed: () => () => {},
    } as unknown as Pair;
    trunks = new Trunks({ pair, session: {}, answers: () => undefined, onEvent: () => {}, clock: manualClock() });
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
});
