import { beforeEach, describe, expect, test } from 'vitest';
import {
  A,
  answers,
  B,
  events,
  type FakeSession,
  hear,
  hearSwitched,
  join,
  leaveLooksOpen,
  party,
  renew,
  seen,
  time,
  topology,
  turns,
  verdict,
} from './stage.js';

beforeEach(renew);

describe('what waited is told when all were let go', () => {
  const said = () => answers.filter(({ kind }) => kind === 'released');

  async function holding(change: { processes?: number; count?: number } = {}): Promise<FakeSession[]> {
    const sessions = join(change.count ?? 2).map((one) => one.session);
    sessions[0]!.unanswered = 1;
    hear({ kind: 'hold', ...(change.processes === undefined ? {} : { processes: change.processes }) });
    await turns();
    sessions[0]!.unanswered = 4;
    time.advance(2);
    for (const session of sessions) session.quieten();
    sessions[1]!.unanswered = 3;
    return sessions;
  }

  test('counted at the beginning, the answer and the end, by the verdict', async () => {
    const sessions = await holding();
    const order: string[] = [];
    for (const session of sessions) session.release = () => order.push('release');
    const { answer } = topology;
    topology.answer = (one) => {
      if (one.kind === 'released') order.push('told');
      return answer(one);
    };
    time.advance(3.25);
    await hearSwitched();
    verdict(B);
    await turns();
    topology.answer = answer;
    const waiting = [
      [0, 1],
      [2, 4],
      [5.25, 7],
    ];
    expect(said()).toEqual([{ id: 'n1', kind: 'released', sessions: 2, late: 0, held: 7, heldMs: 5.25, waiting }]);
    expect(order).toEqual(['release', 'release', 'told']);
  });

  test('the looks count too', async () => {
    leaveLooksOpen();
    const sessions = await holding({ processes: 1 });
    time.advance(1);
    sessions[0]!.unanswered = 5;
    seen();
    await turns();
    await hearSwitched();
    seen();
    await turns();
    verdict(B);
    await turns();
    expect(said()).toMatchObject([
      {
        waiting: [
          [0, 1],
          [2, 4],
          [3, 7],
          [3, 8],
          [3, 8],
        ],
      },
    ]);
  });

  test('it ends with the news of the primary, for then they go on, and counts before any answer', async () => {
    const sessions = await holding();
    time.advance(1);
    party.primaryIs(A);
    party.primaryIs(B);
    party.primaryIs(B);
    await turns();
    sessions[0]!.unanswered = 0;
    time.advance(6);
    await hearSwitched();
    verdict(B);
    await turns();
    expect(said()).toMatchObject([
      {
        held: 3,
        heldMs: 3,
        waiting: [
          [0, 1],
          [2, 4],
          [3, 7],
        ],
      },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'released', heldMs: 9 });
  });

  test('many sessions are counted only where all are looked at anyway', async () => {
    await holding({ processes: 1, count: 501 });
    time.advance(1);
    hear({ kind: 'release', outcome: 'given-up' });
    await turns();
    expect(said()).toMatchObject([
      {
        sessions: 501,
        waiting: [
          [2, 4],
          [3, 7],
        ],
      },
    ]);
  });

  test('a hold that looks by itself counts each time', async () => {
    const sessions = await holding();
    for (let looks = 1; looks <= 3; looks++) {
      sessions[0]!.unanswered = looks === 2 ? 90 : 2;
      time.advance(250);
    }
    hear({ kind: 'release', outcome: 'given-up' });
    await turns();
    expect(said().map((answer) => answer.kind === 'released' && answer.waiting.map(([, count]) => count))).toEqual([
      [1, 4, 5, 93, 5, 5],
    ]);
  });

  test.each<[string, () => Promise<void>]>([
    ['nobody told them to go on', async () => time.advance(1000)],
    [
      'the old primary says that it is primary still',
      async () => {
        await hearSwitched();
        time.advance(100);
        verdict(A);
      },
    ],
  ])('not where the primary may be paused: %s', async (_name, end) => {
    await holding();
    await end();
    await turns();
    expect(events.at(-1)).toMatchObject({ type: 'released' });
    expect(said()).toEqual([]);
  });

  test('not of a preparation', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.dialled();
    hear({ kind: 'release', outcome: 'given-up' });
    await turns();
    expect(said()).toEqual([]);
  });
});
