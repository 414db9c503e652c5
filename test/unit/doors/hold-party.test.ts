import { beforeEach, describe, expect, test } from 'vitest';
import { HoldParty } from '../../../src/doors/hold-party.js';
import type { HoldEvent } from '../../../src/doors/hold-phase.js';
import type { HoldableSession } from '../../../src/doors/party-members.js';
import type { HeardNotice, Notice, PrimaryView, Statement } from '../../../src/topology/index.js';
import { type ManualClock, manualClock } from '../../../src/transport/index.js';

const A: PrimaryView = { node: 'a:1', address: { kind: 'tcp', host: 'a', port: 1 }, term: 1, since: 0 };
const B: PrimaryView = { node: 'b:1', address: { kind: 'tcp', host: 'b', port: 1 }, term: 2, since: 0 };
const C: PrimaryView = { node: 'c:1', address: { kind: 'tcp', host: 'c', port: 1 }, term: 2, since: 0 };
const HOLD_MAX_MS = 5000;

/** A session that does as it is told when the test says so. */
class FakeSession implements HoldableSession {
  prepared: PrimaryView | undefined;
  target: PrimaryView | undefined;
  preparing = false;
  heldUntilMs: number | undefined;
  isQuiet = false;
  unanswered = 0;
  readonly told: string[] = [];

  constructor(private readonly party: () => HoldParty) {}

  primaryIs(view: PrimaryView): void {
    this.told.push(`primary ${view.node}`);
  }

  prepare(view: PrimaryView): void {
    this.told.push(`prepare ${view.node}`);
    this.target = view;
    this.preparing = true;
  }

  hold(untilMs: number): void {
    this.told.push(`hold ${untilMs}`);
    this.heldUntilMs = untilMs;
  }

  release(): void {
    this.told.push('release');
    this.heldUntilMs = undefined;
    this.prepared = undefined;
  }

  get quiet(): boolean {
    return this.isQuiet;
  }

  dialled(): void {
    this.prepared = this.target;
    this.preparing = false;
    this.party().stirred(this);
  }

  failed(): void {
    this.preparing = false;
    this.party().stirred(this);
  }

  quieten(): void {
    this.isQuiet = true;
    this.party().stirred(this);
  }
}

let time: ManualClock;
let party: HoldParty;
let answers: Statement[];
let events: HoldEvent[];
let observed: HoldEvent[];
let suspected: (string | undefined)[];
let verdict: (view: PrimaryView | undefined) => void;
let looked: string[];
/** Answers the last look, where the node does not answer by itself. */
let seen: () => void;
let answersLooks: boolean;
const onEvent = (event: HoldEvent) => events.push(event);

const topology = {
  answer: (answer: Statement) => answers.push(answer),
  suspect: (node: string | undefined) => {
    suspected.push(node);
    return new Promise<PrimaryView | undefined>((resolve) => {
      verdict = resolve;
    });
  },
  look: (node: string) => {
    looked.push(node);
    if (answersLooks) return Promise.resolve();
    return new Promise<void>((resolve) => {
      seen = resolve;
    });
  },
};

beforeEach(() => {
  time = manualClock();
  observed = [];
  party = new HoldParty(time, (event) => observed.push(event));
  answers = [];
  events = [];
  suspected = [];
  looked = [];
  answersLooks = true;
});

function join(count: number, change: { holdMaxMs?: number } = {}): { session: FakeSession; leave: () => void }[] {
  return Array.from({ length: count }, () => {
    const session = new FakeSession(() => party);
    party.join({ session, topology, holdMaxMs: HOLD_MAX_MS, onEvent, ...change });
    return { session, leave: () => party.leave(session) };
  });
}

type Told = Pick<Notice, 'kind'> & {
  id?: string;
  holdMs?: number;
  processes?: number;
  outcome?: 'switched' | 'given-up';
  to?: PrimaryView;
};

function hear({ kind, id = 'n1', holdMs = 1000, outcome, processes, to = B }: Told): void {
  const told = { id, kind, from: A.node, to: to.node, holdMs, processes };
  const notice = { ...told, ...(outcome ? { outcome } : {}) } as Notice;
  party.hear({ notice, isFit: true, from: A.node, to: { ...to, term: 1 } });
}

/** The operator says that it is done, and the sessions ask. */
async function hearSwitched(id = 'n1'): Promise<void> {
  hear({ kind: 'release', id, outcome: 'switched' });
  await turns();
}

/** Lets all work that waits for turns of the event loop happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

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
    answersLooks = false;
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
    answersLooks = false;
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
