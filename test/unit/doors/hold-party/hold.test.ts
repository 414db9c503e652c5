import { beforeEach, describe, expect, test } from 'vitest';
import type { HoldEvent } from '../../../../src/doors/hold-phase.js';
import type { HeardNotice, Notice } from '../../../../src/topology/index.js';
import {
  A,
  answers,
  B,
  C,
  events,
  FakeSession,
  hear,
  join,
  leaveLooksOpen,
  looked,
  observed,
  party,
  renew,
  seen,
  suspected,
  time,
  topology,
  turns,
  verdict,
} from './stage.js';

beforeEach(renew);

describe('hold', () => {
  test('is answered when all stand still', async () => {
    const [one, two] = join(2);
    one!.session.isQuiet = true;
    two!.session.unanswered = 5;
    hear({ kind: 'hold' });
    await turns();
    expect([one!.session.told, two!.session.told]).toEqual([['hold 1000'], ['hold 1000']]);
    expect(answers).toEqual([]);
    time.advance(3);
    two!.session.quieten();
    expect(answers).toEqual([{ id: 'n1', kind: 'holding', sessions: 2, late: 0, held: 5 }]);
    expect(events).toEqual([{ type: 'holding', id: 'n1', sessions: 2, late: 0, held: 5, tookMs: 3 }]);
  });

  test('is answered after half of the time, with those who still await answers', async () => {
    join(1);
    const [two] = join(1);
    two!.session.isQuiet = true;
    hear({ kind: 'hold' });
    await turns();
    time.advance(500);
    expect(answers).toMatchObject([{ kind: 'holding', sessions: 2, late: 1 }]);
  });

  test('lasts no longer than the option allows, each session its own', async () => {
    const [one] = join(1, { holdMaxMs: 200 });
    const [two] = join(1, { holdMaxMs: 300 });
    hear({ kind: 'hold', holdMs: 60_000 });
    await turns();
    expect([one!.session.heldUntilMs, two!.session.heldUntilMs]).toEqual([200, 300]);
    time.advance(300);
    await turns();
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'expired', heldMs: 300 });
    expect(two!.session.told.at(-1)).toBe('release');
  });

  test('holds sessions that come meanwhile until the same moment', async () => {
    join(1);
    hear({ kind: 'hold' });
    await turns();
    time.advance(400);
    const [late] = join(1);
    expect(late!.session.told).toEqual(['hold 1000']);
  });

  test('begins at once, and takes no more of a turn than is fair', async () => {
    const [one, two] = join(2);
    one!.session.hold = (untilMs) => {
      one!.session.told.push(`hold ${untilMs}`);
      time.advance(3);
    };
    hear({ kind: 'hold' });
    expect([one!.session.told, two!.session.told]).toEqual([['hold 1000'], []]);
    one!.session.quieten();
    two!.session.quieten();
    expect(answers).toEqual([]); // one that was not told to hold does not stand still
    await turns();
    expect(two!.session.told).toEqual(['hold 1000']);
    expect(answers).toMatchObject([{ kind: 'holding', late: 0 }]);
  });

  test('of another switch is refused while one is on', async () => {
    const [one] = join(1);
    hear({ kind: 'hold' });
    await turns();
    hear({ kind: 'hold', id: 'n2' });
    hear({ kind: 'prepare', id: 'n3', to: C });
    await turns();
    const reason = 'its sessions hold for another switch';
    expect(answers).toMatchObject([
      { id: 'n2', kind: 'unable', sessions: 1, late: 1, reason },
      { id: 'n3', kind: 'unable', reason },
    ]);
    expect(one!.session.told).toEqual(['hold 1000']);
  });

  test('ends by itself when the switch happens and nobody says so', async () => {
    const [one] = join(1);
    hear({ kind: 'hold', holdMs: 2000 });
    await turns();
    one!.session.quieten();
    time.advance(250);
    expect(suspected).toEqual(['a:1']);
    verdict(A);
    await turns();
    expect(one!.session.told).toEqual(['hold 2000']);
    time.advance(250);
    verdict(B);
    await turns();
    expect(one!.session.told).toEqual(['hold 2000', 'primary b:1', 'release']);
    expect(events.at(-1)).toEqual({ type: 'released', id: 'n1', outcome: 'switched', heldMs: 500 });
    expect(time.pendingTimers).toBe(0);
  });

  test('is refused where the option does not allow any', async () => {
    const [one] = join(1, { holdMaxMs: 0 });
    hear({ kind: 'hold' });
    await turns();
    expect(answers).toMatchObject([{ kind: 'unable', reason: 'its sessions hold for nobody' }]);
    expect(one!.session.told).toEqual([]);
  });

  test('is refused after one that ran out, for as long as that lasted', async () => {
    const [one] = join(1);
    hear({ kind: 'hold', holdMs: 1000 });
    await turns();
    time.advance(1000);
    time.advance(400);
    hear({ kind: 'hold', id: 'n2' });
    expect(answers.at(-1)).toMatchObject({
      id: 'n2',
      kind: 'unable',
      reason: 'its sessions have held just now: not again for 600 ms',
    });
    time.advance(600);
    hear({ kind: 'hold', id: 'n3' });
    await turns();
    expect(one!.session.told.at(-1)).toBe('hold 3000');
  });
});

describe('the next primary', () => {
  async function holding(processes?: number): Promise<FakeSession> {
    leaveLooksOpen();
    const [one] = join(1);
    hear({ kind: 'hold', ...(processes === undefined ? {} : { processes }) });
    await turns();
    time.advance(5);
    expect(looked).toEqual([]);
    one!.session.quieten();
    return one!.session;
  }

  test('is asked again and again after the answer, each time when it has answered', async () => {
    await holding(2);
    expect(looked).toEqual([]);
    time.advance(1);
    for (let looks = 1; looks <= 12; looks++) {
      expect(looked).toEqual(Array.from({ length: looks }, () => 'b:1'));
      await turns();
      expect(looked.length).toBe(looks);
      seen();
      await turns();
    }
    expect(looked.length).toBe(12);
    expect(suspected).toEqual([]);
  });

  test.each([9, undefined])('is not asked when %s processes are told', async (processes) => {
    await holding(processes);
    time.advance(10);
    expect(looked).toEqual([]);
  });

  test('is not asked any more when the hold is over', async () => {
    await holding(1);
    time.advance(1);
    hear({ kind: 'release', outcome: 'given-up' });
    seen();
    await turns();
    expect(looked.length).toBe(1);
    expect(time.pendingTimers).toBe(0);
  });
});

test('an unfit notice is answered with the reason, and nothing else comes of it', async () => {
  const [one] = join(1);
  const notice: Notice = { id: 'n1', kind: 'hold', from: 'x:1', to: 'y:1', holdMs: 1000 };
  const heard: HeardNotice = { notice, isFit: false, reason: 'x:1 is no node of this pair' };
  party.hear(heard);
  party.hear({ ...heard, notice: { ...notice, kind: 'release', outcome: 'switched' } });
  await turns();
  expect(answers).toEqual([
    { id: 'n1', kind: 'unable', sessions: 1, late: 1, held: 0, reason: 'x:1 is no node of this pair' },
  ]);
  expect([one!.session.told, suspected]).toEqual([[], []]);
  expect(events).toEqual([
    { type: 'unable', id: 'n1', kind: 'hold', sessions: 1, reason: 'x:1 is no node of this pair' },
  ]);
});

test('events go once to each listener, however many sessions have it', async () => {
  join(5);
  const others: HoldEvent[] = [];
  const session = new FakeSession(() => party);
  party.join({ session, topology, holdMaxMs: 1, onEvent: (event) => others.push(event) });
  hear({ kind: 'hold' });
  await turns();
  time.advance(500);
  expect([events.length, others.length, observed.length]).toEqual([1, 1, 1]);
});
