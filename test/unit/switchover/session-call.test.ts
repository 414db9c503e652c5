import { describe, expect, it } from 'vitest';
import { type SwitchError, type SwitchOptions, switchPrimary } from '../../../src/switchover/index.js';
import { type Answer, answerChannel, encodeAnswer, parseNotice, type Statement } from '../../../src/topology/index.js';
import type { MemoryConnection } from '../../../src/transport/index.js';
import { type FakeNode, fakePair, type Trick } from './fake-pair.js';

const quick: SwitchOptions = {
  from: 'valkey://node:1',
  to: 'valkey://node:2',
  nodeTimeoutMs: 200,
  catchUpTimeoutMs: 30,
  pauseTimeoutMs: 4_000,
  noticeTimeoutMs: 1_000,
  finishTimeoutMs: 200,
  proofTimeoutMs: 60,
};

const waited = { sessions: 2, late: 0, held: 6 };
const released: Statement = { id: '', kind: 'released', ...waited, heldMs: 3, waiting: [[0, 1], [3, 6]] }; // biome-ignore format: a line

/** Processes that answer the operator on the fake pair; `says`: what they publish at which node once they are let go. */
class Processes {
  private readonly ears = new Map<FakeNode, MemoryConnection>();

  constructor(
    private readonly nodes: { readonly a: FakeNode; readonly b: FakeNode },
    private readonly names: readonly string[],
    private readonly says: (at: FakeNode) => readonly FakeNode[],
  ) {
    const { a, b } = nodes;
    for (const node of [a, b]) {
      node.on(/^SUBSCRIBE/, (_node, connection) => {
        this.ears.set(node, connection);
        return undefined;
      });
    }
    const told = `*2\r\n$12\r\nsegue:notice\r\n:${names.length}\r\n`;
    for (let notice = 0; notice < 2; notice++) a.on(/^PUBSUB/, () => told).on(/^PUBLISH/, this.hear);
    a.on(/^PUBLISH .*release/, this.hear);
    b.on(/^PUBLISH/, this.hear);
  }

  private readonly hear: Trick = (node) => {
    // The fake keeps what is published once it answers, which is after this.
    setImmediate(() => {
      const reading = parseNotice(node.published.at(-1)!);
      if (reading.is !== 'read') throw new Error(reading.reason);
      const { id, kind } = reading.value;
      if (kind === 'release') for (const at of this.says(node)) this.publish(at, { ...released, id });
      else this.publish(this.nodes.a, { id, kind: kind === 'hold' ? 'holding' : 'ready', ...waited });
    });
    return undefined;
  };

  private publish(at: FakeNode, statement: Statement): void {
    for (const process of this.names) {
      const answer: Answer = { ...statement, process };
      const parts = ['message', answerChannel(answer.id), encodeAnswer(answer)];
      this.ears.get(at)?.write(`*3\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`);
    }
  }
}

async function switched(names: readonly string[], says: (pair: ReturnType<typeof fakePair>) => readonly FakeNode[]) {
  const pair = fakePair();
  new Processes(pair, names, () => says(pair));
  return (await switchPrimary(quick, { transport: pair.transport })).sessions;
}

describe('what processes say when they have gone on', () => {
  it.each<[string, (pair: ReturnType<typeof fakePair>) => FakeNode[]]>([
    ['the new primary', ({ b }) => [b]],
    ['the old one, with the stream', ({ a }) => [a]],
    ['both', ({ a, b }) => [a, b]],
  ])('is heard over %s, once', async (_name, says) => {
    const sessions = await switched(['one', 'two'], says);
    expect(sessions.hold).toMatchObject({ expected: 2, answered: 2, held: 12 });
    expect(sessions.waited).toEqual({ expected: 2, answered: 2, heldMs: 3, commandsMax: 12, waiting: [[0, 2], [3, 12]] }); // biome-ignore format: a line
  });

  it('is not needed: older processes do not say it', async () => {
    const sessions = await switched(['one', 'two'], () => []);
    expect(sessions.hold).toMatchObject({ answered: 2, missing: 0 });
    expect(sessions.waited).toEqual({ expected: 2, answered: 0, heldMs: 0, commandsMax: 0, waiting: [] });
  });

  it('is heard at the old primary where the new one lets nobody subscribe', async () => {
    const pair = fakePair();
    pair.b.on(/^SUBSCRIBE/, () => '-NOPERM no channel\r\n');
    new Processes(pair, ['one'], () => [pair.a]);
    const { sessions, resync } = await switchPrimary(quick, { transport: pair.transport });
    expect([sessions.waited?.answered, sessions.silent, resync]).toEqual([1, undefined, 'partial']);
  });

  it('is not waited for where nobody holds', async () => {
    const { transport } = fakePair();
    const { sessions } = await switchPrimary(quick, { transport });
    expect(sessions.hold).toMatchObject({ expected: 0 });
    expect(sessions.waited).toBeUndefined();
  });

  it('of a switch that was given up is in its report, too', async () => {
    const pair = fakePair();
    pair.b.lag();
    new Processes(pair, ['one'], () => [pair.a]);
    const error: SwitchError = await switchPrimary(quick, { transport: pair.transport }).then(
      () => expect.unreachable(),
      (reason) => reason,
    );
    expect(error.code).toBe('SEGUE_SWITCH_GIVEN_UP');
    expect(error.report?.sessions.waited).toMatchObject({ answered: 1, commandsMax: 6 });
  });
});
