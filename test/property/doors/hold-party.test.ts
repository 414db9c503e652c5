import fc from 'fast-check';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { HoldParty } from '../../../src/doors/hold-party.js';
import type { HoldEvent } from '../../../src/doors/hold-phase.js';
import type { HoldableSession } from '../../../src/doors/party-members.js';
import type { HeardNotice, Notice, PrimaryView, Statement } from '../../../src/topology/index.js';
import { type ManualClock, manualClock } from '../../../src/transport/index.js';
import { property } from '../resp/seeded.js';

/*
 * Whatever operators say, in whatever order, however sessions and the topology answer: sessions are held for a bounded
 * time and a bounded part of it, nobody stays held when all is over, and every answer counts what there is.
 */

const HOLD_MAX_MS = 2_000;
const A: PrimaryView = { node: 'a:1', address: { kind: 'tcp', host: 'a', port: 1 }, term: 1, since: 0 };
const B: PrimaryView = { node: 'b:1', address: { kind: 'tcp', host: 'b', port: 1 }, term: 2, since: 0 };

type Action =
  | { do: 'hear'; kind: Notice['kind']; id: string; holdMs: number; outcome: 'switched' | 'given-up'; fit: boolean }
  | { do: 'join' | 'turn' | 'idle' }
  | { do: 'quieten' | 'stir' | 'dialled' | 'failed' | 'leave'; which: number }
  | { do: 'verdict'; view: PrimaryView | undefined }
  | { do: 'pass'; ms: number };

const which = fc.nat(7);
const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('hear' as const),
      kind: fc.constantFrom('prepare' as const, 'hold' as const, 'release' as const),
      id: fc.constantFrom('1', '2', '3'),
      holdMs: fc.integer({ min: 1, max: 4_000 }),
      outcome: fc.constantFrom('switched' as const, 'given-up' as const),
      fit: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'turn' as const, 'idle' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('quieten' as const, 'stir' as const, 'dialled' as const, 'failed' as const, 'leave' as const),
      which,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('verdict' as const), view: fc.constantFrom(undefined, A, B) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_500 }) }) },
);

class ModelSession implements HoldableSession {
  prepared: PrimaryView | undefined;
  preparing = false;
  quiet = false;
  unanswered = 1;
  heldUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly world: HoldWorld) {}

  prepare(view: PrimaryView): void {
    expect(view.node).toBe(B.node);
    this.preparing = true;
  }

  hold(untilMs: number): void {
    expect(untilMs).toBeLessThanOrEqual(this.world.time.now() + HOLD_MAX_MS);
    this.heldUntilMs = untilMs;
  }

  release(): void {
    this.heldUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Nobody is moved by a notice: only by what the topology has said. */
  primaryIs(view: PrimaryView): void {
    expect(this.world.verdicts).toContain(view);
  }
}

class HoldWorld {
  readonly time: ManualClock = manualClock();
  readonly party = new HoldParty(this.time);
  readonly members: { session: ModelSession; leave: () => void }[] = [];
  readonly verdicts: PrimaryView[] = [];
  readonly #questions: ((view: PrimaryView | undefined) => void)[] = [];
  readonly #asked = { ready: 0, holding: 0, unable: 0, released: 0 };
  readonly #holds: (HoldEvent & { type: 'released'; endMs: number })[] = [];

  join(): void {
    const session = new ModelSession(this);
    const topology = {
      answer: (answer: Statement) => this.#onAnswer(answer),
      look: () => Promise.resolve(),
      // Answered by the next actions, in the same turn: no promise can do that.
      // biome-ignore lint/suspicious/noThenProperty: as said
      suspect: () => ({ then: (told: (view: PrimaryView | undefined) => void) => this.#questions.push(told) }) as never,
    };
    const onEvent = this.#onEvent;
    this.party.join({ session, topology, holdMaxMs: HOLD_MAX_MS, onEvent });
    this.members.push({ session, leave: () => this.party.leave(session) });
  }

  carryOut(action: Action): void {
    const member = 'which' in action ? this.members[action.which % Math.max(1, this.members.length)] : undefined;
    switch (action.do) {
      case 'hear':
        this.#hear(action);
        return;
      case 'join':
        if (this.members.length < 8) this.join();
        return;
      case 'leave':
        if (member === undefined) return;
        this.members.splice(this.members.indexOf(member), 1);
        member.leave();
        return;
      case 'turn':
        vi.runOnlyPendingTimers();
        return;
      case 'idle':
        this.#idle();
        return;
      case 'quieten':
        if (member !== undefined) member.session.quiet = !member.session.quiet;
        if (member?.session.quiet) this.party.stirred(member.session);
        return;
      case 'stir':
        if (member !== undefined) this.party.stirred(member.session);
        return;
      case 'dialled':
      case 'failed':
        if (!member?.session.preparing) return;
        member.session.preparing = false;
        member.session.prepared = action.do === 'dialled' ? B : undefined;
        this.party.stirred(member.session);
        return;
      case 'verdict':
        this.#answerOne(action.view);
        return;
      case 'pass':
        this.time.advance(action.ms);
        return;
    }
  }

  /** Time goes on, nothing else happens: all comes to rest. */
  comeToRest(): void {
    for (let round = 0; round < 50; round++) {
      this.time.advance(1_000);
      while (this.#questions.length > 0) this.#answerOne(A);
      this.#idle();
    }
    expect(this.time.pendingTimers).toBe(0);
    this.#checkHolds();
  }

  /** The event loop has nothing to do any more: if the party has no plans, nobody is held. */
  #idle(): void {
    for (let turn = 0; turn < 20; turn++) vi.runOnlyPendingTimers();
    if (this.time.pendingTimers > 0) return;
    for (const { session } of this.members) expect(session.heldUntilMs).toBeLessThanOrEqual(this.time.now());
  }

  #hear({ kind, id, holdMs, outcome, fit }: Action & { do: 'hear' }): void {
    if (this.members.length === 0) return;
    const notice = { kind, id, from: A.node, to: B.node, holdMs, outcome } as Notice;
    if (kind !== 'release') this.#asked[kind === 'prepare' ? 'ready' : 'holding']++;
    if (kind !== 'release') this.#asked.unable++;
    if (kind === 'hold') this.#asked.released++;
    const heard: HeardNotice = fit
      ? { notice, isFit: true, from: A.node, to: { ...B, term: 1 } }
      : { notice, isFit: false, reason: 'another pair' };
    this.party.hear(heard);
  }

  #answerOne(view: PrimaryView | undefined): void {
    const told = this.#questions.shift();
    if (view !== undefined) this.verdicts.push(view);
    told?.(view);
  }

  #onAnswer(answer: Statement): void {
    const { kind, sessions, late, held } = answer;
    expect(--this.#asked[kind]).toBeGreaterThanOrEqual(0);
    if (answer.kind === 'released') {
      // As it was when they were let go: some may have left since.
      expect(answer.heldMs).toBeLessThanOrEqual(HOLD_MAX_MS);
      expect(answer.waiting.at(-1)).toEqual([answer.heldMs, held]);
      return;
    }
    expect(sessions).toBe(this.members.length);
    expect(late).toBeLessThanOrEqual(sessions);
    expect(held).toBe(sessions);
  }

  /** What a listener throws would not reach the test. */
  readonly #onEvent = (event: HoldEvent): void => {
    if (event.type === 'released' && event.heldMs > 0) this.#holds.push({ ...event, endMs: this.time.now() });
  };

  /** A hold that led to no new primary is followed by a rest that is as long. */
  #checkHolds(): void {
    let restUntilMs = Number.NEGATIVE_INFINITY;
    for (const { heldMs, endMs, outcome } of this.#holds) {
      expect(heldMs).toBeLessThanOrEqual(HOLD_MAX_MS);
      expect(endMs - heldMs).toBeGreaterThanOrEqual(restUntilMs);
      if (outcome !== 'switched') restUntilMs = endMs + heldMs;
    }
  }
}

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate'] });
});
afterAll(() => {
  vi.useRealTimers();
});

property(
  'sessions are held for a bounded time, and none stays held',
  fc.array(actions, { minLength: 5, maxLength: 60 }),
  (history) => {
    const world = new HoldWorld();
    world.join();
    world.join();
    for (const action of history) world.carryOut(action);
    world.comeToRest();
  },
  300,
);
