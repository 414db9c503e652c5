import { beforeEach, describe, expect, test } from 'vitest';
import { answers, C, events, hear, join, renew, time, turns } from './stage.js';

beforeEach(renew);

describe('prepare', () => {
  test('is answered when all have a connection', async () => {
    const [one, two] = join(2);
    one!.session.unanswered = 3;
    hear({ kind: 'prepare' });
    await turns();
    expect([one!.session.told, two!.session.told]).toEqual([['prepare b:1'], ['prepare b:1']]);
    one!.session.dialled();
    expect(answers).toEqual([]);
    time.advance(7);
    two!.session.dialled();
    expect(answers).toEqual([{ id: 'n1', kind: 'ready', sessions: 2, late: 0, held: 3 }]);
    expect(events).toEqual([{ type: 'prepared', id: 'n1', to: 'b:1', sessions: 2, late: 0, tookMs: 7 }]);
  });

  test('counts those who cannot as late', async () => {
    const [one, two] = join(2);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.failed();
    two!.session.dialled();
    expect(answers).toMatchObject([{ kind: 'ready', late: 1 }]);
  });

  test('is answered after half of the time at the latest, once', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare', holdMs: 1000 });
    await turns();
    time.advance(500);
    expect(answers).toMatchObject([{ kind: 'ready', late: 1 }]);
    one!.session.dialled();
    expect(answers.length).toBe(1);
  });

  test('dials one session per turn of the event loop', async () => {
    const sessions = join(10).map((one) => one.session);
    hear({ kind: 'prepare' });
    for (let turn = 1; turn <= 10; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(sessions.filter((session) => session.told.length > 0).length).toBe(turn);
    }
  });

  test('does not wait for a session that is there already', async () => {
    const [one] = join(1);
    one!.session.prepare = () => {};
    hear({ kind: 'prepare' });
    await turns();
    expect(answers).toMatchObject([{ kind: 'ready', sessions: 1, late: 1 }]);
  });

  test('does not wait for sessions that have gone', async () => {
    const [one, two] = join(2);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.dialled();
    two!.leave();
    expect(answers).toMatchObject([{ kind: 'ready', sessions: 1, late: 0 }]);
  });

  test('that no switch follows is undone within fifteen seconds', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.dialled();
    time.advance(15_000);
    await turns();
    expect(one!.session.told).toEqual(['prepare b:1', 'release']);
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'expired', heldMs: 0 });
    expect(time.pendingTimers).toBe(0);
  });

  test('again for the same node uses the connections that there are', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.dialled();
    hear({ kind: 'prepare', id: 'n2' });
    await turns();
    expect(one!.session.told).toEqual(['prepare b:1']);
    expect(answers.map((answer) => answer.id)).toEqual(['n1', 'n2']);
  });

  test('for another node is refused while one is under way, and taken up after', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare' });
    await turns();
    hear({ kind: 'prepare', id: 'n2', to: C });
    expect(answers).toMatchObject([{ id: 'n2', kind: 'unable', reason: 'it prepares for another switch' }]);
    one!.session.dialled();
    hear({ kind: 'prepare', id: 'n3', to: C });
    await turns();
    expect(one!.session.told).toEqual(['prepare b:1', 'prepare c:1']);
  });
});
