import { describe, expect, it } from 'vitest';
import { Trunk, type TrunkClient, type TrunkSession } from '../../../../src/doors/gateway/trunk.js';
import { manualClock } from '../../../../src/transport/index.js';

const NOTHING = Buffer.alloc(0);

class FakeSession {
  readonly state = { at: 'flowing', view: { node: 'a' } } as unknown as TrunkSession['state'];
  taken = '';
  unanswered = 0;
  flushes = 0;
  closed = false;

  take(chunk: string | Buffer): void {
    this.taken += chunk.toString();
  }
  takeRun(bytes: Buffer): void {
    this.take(bytes);
  }
  /** Each command is one byte; capital letters write. */
  lastReads(behind: number, most: number): { bytes: Buffer; commands: number } {
    const end = this.taken.length - behind;
    const [reads = ''] = /[^A-Z]*$/.exec(this.taken.slice(end - most, end))!;
    return { bytes: Buffer.from(reads), commands: reads.length };
  }
  flush(): void {
    this.flushes++;
  }
  close(): void {
    this.closed = true;
  }
}

class Rider implements TrunkClient {
  received = '';
  answers = 0;
  settledBytes = 0;
  turns = 0;
  stranded_ = 0;
  readonly faults: string[] = [];
  receive(bytes: Buffer, answers: number, settledBytes: number): void {
    this.received += bytes.toString('latin1');
    this.answers += answers;
    this.settledBytes += settledBytes;
  }
  /** What has left. */
  flushed = 0;
  clogged = false;
  flush(): boolean {
    if (!this.clogged) this.flushed = this.received.length;
    return this.flushed === this.received.length;
  }
  admits = 0;
  admit(): void {
    this.admits++;
  }
  turn(): void {
    this.turns++;
  }
  stranded(): void {
    this.stranded_++;
  }
  fault(error: unknown): void {
    this.faults.push(String(error));
  }
}

function board(riders: number) {
  const session = new FakeSession();
  const deserted: boolean[] = [];
  const trunk = new Trunk(
    () => session,
    ({ ended }) => deserted.push(ended),
    manualClock(),
  );
  const all = Array.from({ length: riders }, () => new Rider());
  for (const each of all) trunk.join(each);
  return { session, trunk, deserted, riders: all };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Answers of every shape, RESP2 and RESP3; each is one. */
const ANSWERS = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':12\r\n',
  '$3\r\na\r\n\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n-ERR inside\r\n',
  '=15\r\ntxt:Some string\r\n',
  '!9\r\nERR large\r\n',
  '%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n#t\r\n',
  '|1\r\n+ttl\r\n:3600\r\n*1\r\n,3.25\r\n',
  '_\r\n',
  '(3492890328409238509324850943850943825024385\r\n',
  '*?\r\n:1\r\n.\r\n',
  `$5000\r\n${'x'.repeat(5000)}\r\n`,
];

describe('a trunk', () => {
  it.each([1, 2, 3, 7, 4096, 1e9])(
    'cuts answers of all types where the owner changes, in chunks of %i bytes',
    (size) => {
      const { trunk, riders } = board(4);
      const owners = Array.from({ length: 200 }, (_, n) => (n * n + (n >> 2)) % riders.length);
      const stream = Buffer.from(owners.map((_, n) => ANSWERS[n % ANSWERS.length]!).join(''), 'latin1');
      for (const owner of owners) trunk.take(riders[owner]!, [Buffer.from('x')], 1);
      for (let at = 0; at < stream.length; at += size) trunk.deliver(Buffer.from(stream.subarray(at, at + size)));
      for (const [index, rider] of riders.entries()) {
        const own = owners.flatMap((owner, n) => (owner === index ? [ANSWERS[n % ANSWERS.length]!] : []));
        expect(rider.received).toBe(own.join(''));
        expect([rider.answers, rider.settledBytes]).toEqual([own.length, own.length]);
      }
      expect(trunk.outstanding).toBe(0);
    },
  );

  describe('gives commands back', () => {
    const say = (trunk: Trunk, who: Rider, text: string) => trunk.take(who, [Buffer.from(text)], text.length);
    const takeBack = (trunk: Trunk, who: Rider) => {
      const { parts, commands, bytes } = trunk.takeBack(who);
      return [Buffer.concat(parts).toString(), commands, bytes];
    };
    const answers = (from: number, to: number): Buffer =>
      Buffer.from(Array.from({ length: to - from }, (_, n) => `:${from + n}\r\n`).join(''));

    it('that only read and stand behind the last write, and nobody gets the answers', () => {
      const { trunk, riders } = board(2);
      const [one, other] = riders as [Rider, Rider];
      say(trunk, one, 'aWb');
      say(trunk, other, 'xX');
      say(trunk, one, 'cd');
      say(trunk, other, 'y');
      expect(takeBack(trunk, one)).toEqual(['bcd', 3, 3]);
      expect(takeBack(trunk, one)).toEqual(['', 0, 0]);
      trunk.deliver(answers(0, 8));
      expect([one.received, one.answers, one.settledBytes]).toEqual([':0\r\n:1\r\n', 2, 2]);
      expect([other.received, other.answers, other.settledBytes]).toEqual([':3\r\n:4\r\n:7\r\n', 3, 3]);
      expect([trunk.outstanding, one.faults]).toEqual([0, []]);
    });

    it('none of a client that writes', () => {
      const { trunk, riders } = board(1);
      say(trunk, riders[0]!, 'aW');
      expect(takeBack(trunk, riders[0]!)).toEqual(['', 0, 0]);
      trunk.deliver(answers(0, 2));
      expect(riders[0]!.answers).toBe(2);
    });

    it.each([
      [':1\r\n', 'bc', ':1\r\n', 3],
      [':1\r\n:2', 'c', ':1\r\n:2\r\n', 1],
    ])('not the one whose answer has begun: %j', (begun, back, received, bytes) => {
      const { trunk, riders } = board(1);
      const one = riders[0]!;
      say(trunk, one, 'abc');
      trunk.deliver(Buffer.from(begun));
      expect(takeBack(trunk, one)).toEqual([back, back.length, bytes]);
      trunk.deliver(Buffer.from(':1\r\n:2\r\n:3\r\n'.slice(begun.length)));
      expect([one.received, trunk.outstanding]).toEqual([received, 0]);
      expect(one.settledBytes + bytes).toBe(3);
    });
  });

  it('pushes belong to nobody', () => {
    const { trunk, riders } = board(1);
    trunk.take(riders[0]!, [Buffer.from('GG')], 2);
    trunk.deliver(Buffer.from('>2\r\n+invalidate\r\n_\r\n+1\r\n>1\r\n+x\r\n+2\r\n>1\r\n+x\r\n'));
    expect([riders[0]!.received, riders[0]!.answers]).toEqual(['+1\r\n+2\r\n', 2]);
  });

  it('knows whether what it has delivered has left', () => {
    const { trunk, riders } = board(3);
    const [one, two, three] = riders as [Rider, Rider, Rider];
    for (const rider of riders) trunk.take(rider, [Buffer.from('x')], 2);
    trunk.deliver(Buffer.from('+1\r\n+1\r\n+2\r\n'));
    expect([trunk.spent(), one.flushed, two.flushed]).toEqual([true, 8, 4]);
    two.clogged = true;
    trunk.deliver(Buffer.from('+2\r\n+3\r\n'));
    expect([trunk.spent(), two.flushed, three.flushed]).toEqual([false, 4, 4]);
    three.clogged = true;
    trunk.deliver(Buffer.from('+3\r\n'));
    trunk.leave(three);
    expect(trunk.spent()).toBe(false);
    expect(trunk.spent()).toBe(true);
  });

  it('what one turn brings leaves in one flush', async () => {
    const { trunk, riders, session } = board(3);
    for (const rider of riders) trunk.take(rider, [Buffer.from('half '), Buffer.from('whole ')], 1);
    session.unanswered = 3;
    expect([session.taken, session.flushes]).toEqual(['half whole '.repeat(3), 0]);
    await turn();
    expect(session.flushes).toBe(1);
  });

  it('ends with everybody on it when the session owes another number of answers', async () => {
    const { trunk, riders, session, deserted } = board(2);
    trunk.take(riders[0]!, [Buffer.from('x')], 2);
    session.unanswered = 1;
    await turn();
    expect([session.closed, trunk.ended, deserted]).toEqual([true, true, [true]]);
    expect(riders.map(({ stranded_ }) => stranded_)).toEqual([1, 1]);
    expect(riders.flatMap(({ faults }) => faults)).toEqual([
      'Error: a shared connection owes 1 answers, its clients wait for 2',
    ]);
  });

  it('is full of outstanding bytes, and tells who waits when half of them are answered', async () => {
    const { trunk, riders, session } = board(2);
    const [one, two] = riders as [Rider, Rider];
    const bytes = Buffer.alloc(300 * 1024, 'x');
    for (let n = 0; n < 4; n++) trunk.take(n % 2 === 0 ? one : two, [bytes], 1);
    session.unanswered = 4;
    expect(trunk.isFull(1)).toBe(true);
    trunk.awaitRoom(one);
    trunk.deliver(Buffer.from('+1\r\n+2\r\n'));
    session.unanswered = 2;
    await turn();
    expect(one.turns).toBe(0);
    trunk.deliver(Buffer.from('+3\r\n'));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect([one.admits, one.turns, two.turns]).toEqual([1, 1, 0]);
  });

  it.each([
    ['bytes', 600 * 1024, 1, '+1\r\n'],
    ['commands', 1024, 1024, '+1\r\n'],
    ['bytes of answers', 100, 20, `$60000\r\n${'x'.repeat(60_000)}\r\n`],
  ])('is busy with many %s, and admits who waits when they are answered', (_, bytes, commands, answer) => {
    const { trunk, riders } = board(2);
    const [one, two] = riders as [Rider, Rider];
    // From these it learns how large answers are.
    trunk.take(one, [NOTHING], 4);
    trunk.deliver(Buffer.from(answer.repeat(4)));
    expect(trunk.isBusy).toBe(false);
    trunk.take(one, [Buffer.alloc(bytes)], commands);
    trunk.awaitRoom(two);
    expect([trunk.isBusy, two.admits]).toEqual([true, 0]);
    trunk.deliver(Buffer.from(answer.repeat(commands)));
    expect([trunk.isBusy, two.admits]).toEqual([false, 1]);
  });

  it('tells when the last client has left, and drops nothing that others are owed', () => {
    const { trunk, riders, deserted } = board(2);
    const [one, two] = riders as [Rider, Rider];
    trunk.take(one, [NOTHING], 1);
    trunk.take(two, [NOTHING], 1);
    trunk.leave(one);
    trunk.deliver(Buffer.from('+one\r\n+two\r\n'));
    expect(two.received).toBe('+two\r\n');
    expect(deserted).toEqual([]);
    trunk.leave(two);
    expect(deserted).toEqual([false]);
  });

  it('knows from answers whether the node serves clients that have not logged in', () => {
    const { trunk, riders } = board(1);
    trunk.take(riders[0]!, [NOTHING], 4);
    trunk.deliver(Buffer.from('-ERR other\r\n'));
    expect(trunk.welcome).toBe('unknown');
    trunk.deliver(Buffer.from('+PONG\r\n'));
    expect(trunk.welcome).toBe('served');
    trunk.deliver(Buffer.from('-NOAUTH Authentication required.\r\n+PONG\r\n'));
    expect(trunk.welcome).toBe('turned-away');
  });
});
