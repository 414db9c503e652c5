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
  looked,
  renew,
  suspected,
  time,
  turns,
  verdict,
} from './stage.js';

beforeEach(renew);

describe('release', () => {
  async function holding(count = 1): Promise<FakeSession[]> {
    const sessions = join(count).map((one) => one.session);
    hear({ kind: 'hold' });
    await turns();
    for (const session of sessions) session.quieten();
    time.advance(20);
    return sessions;
  }

  test('given up: they go on where they are, those with commands first', async () => {
    const order: string[] = [];
    const sessions = await holding(2);
    sessions[1]!.unanswered = 1;
    sessions.forEach((session, at) => {
      session.release = () => order.push(`session ${at}`);
    });
    hear({ kind: 'release', outcome: 'given-up' });
    await turns();
    expect(order).toEqual(['session 1', 'session 0']);
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'given-up', heldMs: 20 });
    expect(suspected).toEqual([]);
  });

  test('switched: one question for all, and the verdict ends the hold', async () => {
    const sessions = await holding(3);
    await hearSwitched();
    await hearSwitched();
    expect(looked).toEqual(['b:1']);
    expect(suspected).toEqual(['a:1']);
    verdict(B);
    await turns();
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'switched', heldMs: 20 });
    const told = ['hold 1000', 'primary b:1', 'release'];
    expect(sessions.map((session) => session.told)).toEqual([told, told, told]);
    expect(time.pendingTimers).toBe(0);
  });

  test('switched, but the old primary says that it is primary still: asks again, then they go on', async () => {
    const [session] = await holding();
    await hearSwitched();
    for (let asked = 1; asked <= 10; asked++) {
      expect(suspected.length).toBe(asked);
      verdict(A);
      await turns();
      time.advance(10);
      await turns();
    }
    expect(session!.told).toEqual(['hold 1000']);
    verdict(A);
    await turns();
    expect(session!.told.at(-1)).toBe('release');
    expect(events.at(-1)).toMatchObject({ outcome: 'given-up', heldMs: 120 });
  });

  test('switched, and the old primary steps down only now', async () => {
    const [session] = await holding();
    await hearSwitched();
    verdict(A);
    await turns();
    time.advance(10);
    await turns();
    verdict(B);
    await turns();
    expect(session!.told).toEqual(['hold 1000', 'primary b:1', 'release']);
    expect(events.at(-1)).toMatchObject({ outcome: 'switched', heldMs: 30 });
  });

  test('switched, and nobody knows: asks again, until the time is over', async () => {
    const [session] = await holding();
    await hearSwitched();
    verdict(undefined);
    await turns();
    time.advance(10);
    await turns();
    expect(suspected.length).toBe(2);
    const [late] = join(1);
    expect(late!.session.told).toEqual(['hold 1000']);
    time.advance(1000);
    await turns();
    expect(session!.told.at(-1)).toBe('release');
    expect(events.at(-1)).toMatchObject({ outcome: 'expired' });
    const asked = suspected.length;
    verdict(B);
    await turns();
    time.advance(1000);
    expect([suspected.length, events.length]).toEqual([asked, 2]);
  });

  test('a session that comes while the verdict is awaited does not hold longer than the others', async () => {
    await holding();
    await hearSwitched();
    const [late] = join(1);
    verdict(B);
    await turns();
    expect(late!.session.told).toEqual(['hold 1000', 'primary b:1', 'release']);
  });

  test('a true switch may be followed by another one at once', async () => {
    const [session] = await holding();
    await hearSwitched();
    verdict(B);
    await turns();
    hear({ kind: 'hold', id: 'n2' });
    await turns();
    expect(session!.told.at(-1)).toBe('hold 1020');
  });

  test('of another switch ends nothing, but who is primary is asked', async () => {
    const [session] = await holding();
    hear({ kind: 'release', id: 'n2', outcome: 'given-up' });
    expect(suspected).toEqual([]);
    await hearSwitched('n3');
    expect(suspected).toEqual(['a:1']);
    expect(session!.told).toEqual(['hold 1000']);
  });

  test('without a hold: prepared connections are for the verdict, and the rest is not for long', async () => {
    const [one] = join(1);
    hear({ kind: 'prepare' });
    await turns();
    one!.session.dialled();
    time.advance(3000);
    await hearSwitched();
    verdict(B);
    await turns();
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'switched', heldMs: 0 });
    hear({ kind: 'hold', id: 'n2' });
    await turns();
    expect(one!.session.told.at(-1)).toBe('hold 4000');
  });

  test('the last session that leaves ends all', async () => {
    const [one] = join(1);
    hear({ kind: 'hold' });
    await turns();
    one!.leave();
    one!.leave();
    expect(time.pendingTimers).toBe(0);
    time.advance(5000);
    expect([events, answers]).toEqual([[], []]);
  });
});
