import {
  anew,
  type Course,
  hasLink,
  oneMoreMove,
  type Primary,
  type Standstill,
  type State,
  termKnown,
} from './state.js';
import { type Verdict, verdictOn } from './verdict.js';

/**
 * Control of one session: which node it is with, and what it does when that ends. Pure: time and news come in as events,
 * what is to be done goes out as effects, to be carried out in their order. Bytes do not pass here.
 *
 *            ┌─────────── missed ───────────┐
 *            ▼                              │                     release, due
 *   ──▶ seeking ──primary──▶ (resting) ──▶ joining ──joined──▶ flowing ◀──────▶ holding
 *            ▲                              ▲                     │     hold       │
 *            │                              │ drained             │ refused,       │
 *            └──────────── lost ────────────┴────── leaving ◀─────┴────────────────┘
 *                                                             or another node is primary
 *
 * A hold that comes at another time than in `flowing` is kept in mind (`course.hold`): joined, the session goes to `holding`.
 */

type Open<P extends Primary> = Exclude<State<P>, { at: 'closed' }>;
type Joining<P extends Primary> = State<P> & { at: 'joining' };

export type Event<P extends Primary = Primary> =
  | { type: 'open' }
  /**
   * The topology's answer to `seek`, or its own news; or where a session is to read from now on. `abrupt`: nothing is to be
   * expected any more of the node that it is with.
   */
  | { type: 'primary'; view: P; abrupt?: boolean }
  /** What comes next is not for the node at hand, and nobody knows yet for which. */
  | { type: 'away' }
  /** The dial has had to wait for its turn: its time begins now. */
  | { type: 'delayed' }
  | { type: 'joined' }
  /** The dial or the restoring failed. */
  | { type: 'missed' }
  /** The node refused the command at the head. `bounce`: because it is no primary. */
  | { type: 'refused'; bounce: boolean }
  /** No answer is outstanding any more. */
  | { type: 'drained' }
  | { type: 'lost' }
  /** The time in `dueAt` has come. */
  | { type: 'due' }
  /** A command was settled. */
  | { type: 'progress' }
  /** A switch is about to happen. `untilMs`: clock time. Of several holds the last to end counts. */
  | { type: 'hold'; untilMs: number }
  /** The hold is over. `impatient`: for this session only, since a command has waited long enough. */
  | { type: 'release'; impatient: boolean }
  /** The client reads again: answers that were on their way can come. */
  | { type: 'reading' }
  | { type: 'close' };

export type Effect<P extends Primary = Primary> =
  /** Ask the topology; it answers with `primary`, or not at all. `refusedBy`: the node that is in doubt. */
  | { do: 'seek'; refusedBy: string | undefined }
  | { do: 'dial'; view: P }
  /** At once: what is outstanding there is given up. */
  | { do: 'hang-up' }
  /** The link has nothing outstanding; it is closed when there is time. */
  | { do: 'retire' }
  /** The link is gone with answers outstanding: what may have run and may not run twice is settled as uncertain. */
  | { do: 'settle-lost' }
  /** The node has been left: all that is not settled is to be sent again, elsewhere. */
  | { do: 'rewind' }
  /** What becomes of the provisional answers of the node that was left. */
  | { do: 'resolve'; from: P; verdict: Verdict }
  /** The link is the session's own. */
  | { do: 'arrive'; view: P }
  /** Send. */
  | { do: 'flow' }
  /** Stop sending to `view`. */
  | { do: 'stand'; view: P; untilMs: number }
  /** Send again to `view`, where it stood. */
  | { do: 'resume'; view: P; why: 'released' | 'ran-out' | 'held-too-long' }
  /** The first command without an answer has been sent round too often. */
  | { do: 'give-up' };

export interface MachineLimits {
  /** How long answers are awaited from a node that the session is leaving. */
  drainTimeoutMs: number;
  /** From the dial until the session is restored. */
  joinTimeoutMs: number;
  /** How often one command may be refused by nodes that are not primary. */
  redirectsMax: number;
}

export interface Step<P extends Primary = Primary> {
  readonly state: State<P>;
  readonly effects: readonly Effect<P>[];
}

/** What `step` may know of the world. */
export interface Moment {
  readonly now: number;
  readonly limits: MachineLimits;
}

const SEEK_AGAIN_MS = 100;
const REST_MAX_MS = 100;
/** A timer that comes so late was kept from coming. No more than so often in one joining: nodes may be silent as well. */
const STALL_MS = 100;
const STALLS_MAX = 4;
const LOST = [{ do: 'settle-lost' }, { do: 'rewind' }] as const;
/** What follows from `event` in `state`. An event that means nothing there changes nothing. */
export function step<P extends Primary>(state: State<P>, event: Event<P>, moment: Moment): Step<P> {
  if (state.at === 'closed') return stay(state);
  switch (event.type) {
    case 'open':
      return becomeSeeking<P>(state.course, undefined, moment);
    case 'primary':
      return onPrimary(state, event, moment);
    case 'away':
      return hasLink(state) ? seekAway(state, moment) : stay(state);
    case 'delayed':
      return state.at === 'joining' ? stay(onTheWay(state, moment)) : stay(state);
    case 'joined':
      return state.at === 'joining' ? arrived(state.course, state.view, moment) : stay(state);
    case 'missed':
      return state.at === 'joining' ? missed(state, moment) : stay(state);
    case 'refused':
      return onRefused(state, event.bounce, moment);
    case 'drained':
      return state.at === 'leaving'
        ? withEffects([{ do: 'retire' }, { do: 'rewind' }], left(state, moment))
        : stay(state);
    case 'lost':
      return onLost(state, moment);
    case 'due':
      return onDue(state, moment);
    case 'progress':
      return hasLink(state) ? stay({ ...state, course: anew(state.course) }) : stay(state);
    case 'hold':
      return onHold(state, event.untilMs, moment);
    case 'release':
      return onRelease(state, event.impatient);
    case 'reading':
      return state.at === 'leaving' ? stay(leaving(state, state.next, moment)) : stay(state);
    case 'close':
      return { state: { at: 'closed' }, effects: [{ do: 'hang-up' }] };
  }
}

function onPrimary<P extends Primary>(state: State<P>, event: Event<P> & { type: 'primary' }, moment: Moment): Step<P> {
  const { view, abrupt = false } = event;
  // News may overtake each other on their way here.
  if (view.term < termKnown(state)) return stay(state);
  switch (state.at) {
    case 'seeking':
      return onward(state.course, state.left, view, moment);
    case 'resting':
      return view.node === state.view.node ? stay({ ...state, view }) : becomeJoining(state.course, view, moment);
    case 'joining':
      if (view.node === state.view.node) return stay({ ...state, view });
      return withEffects([{ do: 'hang-up' }], becomeJoining(state.course, view, moment));
    case 'flowing':
    case 'holding':
      if (view.node === state.view.node) return sameNode(state, view);
      if (abrupt) return withEffects([{ do: 'hang-up' }, ...LOST], becomeJoining(state.course, view, moment));
      return { state: leaving(state, view, moment), effects: [] };
    case 'leaving':
      if (abrupt) return withEffects([{ do: 'hang-up' }, ...LOST], left({ ...state, next: view }, moment));
      return stay({ ...state, next: view });
    case 'closed':
      return stay(state);
  }
}

/** It has become something else, perhaps. A hold is for those who are with a primary. */
function sameNode<P extends Primary>(state: State<P> & { at: 'flowing' | 'holding' }, view: P): Step<P> {
  if (state.at === 'flowing' || view.replica !== true) return stay({ ...state, view });
  return becomeFlowing({ ...state, view }, [{ do: 'resume', view, why: 'released' }]);
}

function seekAway<P extends Primary>(state: State<P> & { at: 'flowing' | 'holding' }, moment: Moment): Step<P> {
  return { state: leaving(state, undefined, moment), effects: [{ do: 'seek', refusedBy: undefined }] };
}

/** Having left `old`, the next primary is known: join it, at once unless it is the node that was just left. */
function onward<P extends Primary>(course: Course<P>, old: P | undefined, view: P, moment: Moment): Step<P> {
  if (old === undefined) return becomeJoining(course, view, moment);
  if (view.node === old.node && course.moves > 1) return becomeResting(course, view, moment);
  return becomeJoining(course, view, moment);
}

function onRefused<P extends Primary>(state: State<P>, bounce: boolean, moment: Moment): Step<P> {
  if (!hasLink(state) && state.at !== 'leaving') return stay(state);
  const course = { ...oneMoreMove(state.course, bounce), expelled: bounce };
  const next = state.at === 'leaving' ? state.next : undefined;
  return {
    state: leaving({ view: state.view, course }, next, moment),
    effects: [{ do: 'seek', refusedBy: state.view.node }],
  };
}

function onLost<P extends Primary>(state: State<P>, moment: Moment): Step<P> {
  switch (state.at) {
    case 'flowing':
    case 'holding':
      return withEffects(LOST, becomeSeeking({ ...oneMoreMove(state.course), from: state.view }, state.view, moment));
    case 'leaving':
      return withEffects(LOST, left(state, moment));
    case 'joining':
      return missed(state, moment);
    default:
      return stay(state);
  }
}

function onDue<P extends Primary>(state: State<P>, moment: Moment): Step<P> {
  if (!('dueAt' in state) || moment.now < state.dueAt) return stay(state);
  switch (state.at) {
    case 'seeking':
      return becomeSeeking(state.course, state.left, moment);
    case 'resting':
      return becomeJoining(state.course, state.view, moment);
    case 'joining':
      return hasStalled(state, moment) ? stay(afterStall(state, moment)) : tooLate(state, moment);
    case 'leaving':
      return withEffects([{ do: 'hang-up' }, ...LOST], left(state, moment));
    case 'holding':
      return becomeFlowing(state, [{ do: 'resume', view: state.view, why: 'ran-out' }]);
  }
}

function onHold<P extends Primary>(state: Open<P>, untilMs: number, { now }: Moment): Step<P> {
  if (untilMs <= now) return stay(state);
  const known = termKnown(state);
  const hold = {
    untilMs: Math.max(untilMs, state.course.hold?.untilMs ?? untilMs),
    term: known === Number.NEGATIVE_INFINITY ? undefined : known,
  };
  const course = { ...state.course, hold };
  // The node of a switch is another one.
  if (state.at === 'flowing' && state.view.replica === true) return stay({ ...state, course });
  if (state.at === 'flowing') return becomeHolding(course, state.view, hold, []);
  return state.at === 'holding' ? stay({ ...state, course, dueAt: hold.untilMs }) : stay({ ...state, course });
}

function onRelease<P extends Primary>(state: Open<P>, impatient: boolean): Step<P> {
  if (state.at !== 'holding') return stay({ ...state, course: { ...state.course, hold: undefined } });
  const why = impatient ? 'held-too-long' : 'released';
  return becomeFlowing(state, [{ do: 'resume', view: state.view, why }]);
}

/** The old node has answered all that it will. */
function left<P extends Primary>(state: State<P> & { at: 'leaving' }, moment: Moment): Step<P> {
  const enough = state.course.bounces > moment.limits.redirectsMax;
  const { expelled } = state.course;
  const course = { ...(enough ? anew(state.course) : state.course), from: state.view, expelled };
  const next =
    state.next === undefined
      ? becomeSeeking(course, state.view, moment)
      : onward(course, state.view, state.next, moment);
  return withEffects(enough ? [{ do: 'give-up' }] : [], next);
}

/** So late, the process itself has stood still: what the node has said meanwhile is not read yet. */
function hasStalled({ dueAt, stalls }: State & { at: 'joining' }, { now }: Moment): boolean {
  return now - dueAt >= STALL_MS && stalls < STALLS_MAX;
}

function afterStall<P extends Primary>(state: Joining<P>, moment: Moment): Joining<P> {
  return { ...onTheWay(state, moment), stalls: state.stalls + 1 };
}

/** Its time begins now. */
function onTheWay<P extends Primary>(state: Joining<P>, { now, limits }: Moment): Joining<P> {
  return { ...state, dueAt: now + limits.joinTimeoutMs };
}

function tooLate<P extends Primary>(state: Joining<P>, moment: Moment): Step<P> {
  return withEffects([{ do: 'hang-up' }], missed(state, moment));
}

function missed<P extends Primary>(state: Joining<P>, moment: Moment): Step<P> {
  return becomeSeeking(oneMoreMove(state.course), state.view, moment);
}

function becomeSeeking<P extends Primary>(course: Course<P>, old: P | undefined, { now }: Moment): Step<P> {
  return {
    state: { at: 'seeking', course, left: old, dueAt: now + SEEK_AGAIN_MS },
    effects: [{ do: 'seek', refusedBy: old?.node }],
  };
}

function becomeResting<P extends Primary>(course: Course<P>, view: P, { now }: Moment): Step<P> {
  const restMs = Math.min(2 ** Math.min(course.moves - 1, 10), REST_MAX_MS);
  return { state: { at: 'resting', course, view, dueAt: now + restMs }, effects: [] };
}

function becomeJoining<P extends Primary>(course: Course<P>, view: P, { now, limits }: Moment): Step<P> {
  return {
    state: { at: 'joining', course, view, dueAt: now + limits.joinTimeoutMs, stalls: 0 },
    effects: [{ do: 'dial', view }],
  };
}

/** The session is restored at `view`: it flows, unless a switch away from there is about to happen. */
function arrived<P extends Primary>(course: Course<P>, view: P, { now }: Moment): Step<P> {
  const { from, expelled, hold } = course;
  const effects: Effect<P>[] = [{ do: 'arrive', view }];
  if (from !== undefined) effects.unshift({ do: 'resolve', from, verdict: verdictOn(from, view, expelled) });
  if (view.replica === true) return { state: { at: 'flowing', course, view }, effects: [...effects, { do: 'flow' }] };
  const stands = hold !== undefined && now < hold.untilMs && view.term <= (hold.term ?? view.term);
  if (stands) return becomeHolding(course, view, { ...hold, term: view.term }, effects);
  return becomeFlowing({ course, view }, [...effects, { do: 'flow' }]);
}

function becomeFlowing<P extends Primary>(at: { course: Course<P>; view: P }, effects: Effect<P>[]): Step<P> {
  return { state: { at: 'flowing', course: { ...at.course, hold: undefined }, view: at.view }, effects };
}

function becomeHolding<P extends Primary>(
  course: Course<P>,
  view: P,
  hold: Standstill,
  before: readonly Effect<P>[],
): Step<P> {
  return {
    state: { at: 'holding', course: { ...course, hold }, view, dueAt: hold.untilMs },
    effects: [...before, { do: 'stand', view, untilMs: hold.untilMs }],
  };
}

function leaving<P extends Primary>(
  from: { view: P; course: Course<P> },
  next: P | undefined,
  { now, limits }: Moment,
): State<P> {
  return { at: 'leaving', course: from.course, view: from.view, next, dueAt: now + limits.drainTimeoutMs };
}

function stay<P extends Primary>(state: State<P>): Step<P> {
  return { state, effects: [] };
}

function withEffects<P extends Primary>(first: readonly Effect<P>[], rest: Step<P>): Step<P> {
  return { state: rest.state, effects: [...first, ...rest.effects] };
}
