/**
 * Control of one session: which node it is with, and what it does when that ends. Pure: time and news come in as events,
 * what is to be done goes out as effects, to be carried out in their order. Bytes do not pass here.
 *
 *            ┌──────────────────────── missed ────────────────────────┐
 *            ▼                                                        │
 *   ──▶ seeking ──primary──▶ resting ──due──▶ joining ──joined──▶ flowing
 *            ▲                  (same node      ▲                  │   │
 *            │                   refused)       │ drained          │   │ refused, or another
 *            └────────────────── lost ──────────┴── leaving ◀──────┘◀──┘ node is primary
 */

/** A node in its time as primary, as the topology knows it. */
export interface Primary {
  readonly node: string;
  readonly term: number;
}

export type State<P extends Primary = Primary> =
  /** No connection; the topology has been asked for the primary. Commands are held. */
  | { at: 'seeking'; tries: Tries<P>; left: P | undefined; dueAt: number }
  /** The primary is said to be the node that just refused: wait a little. Commands are held. */
  | { at: 'resting'; tries: Tries<P>; view: P; dueAt: number }
  /** Dialling `view` and restoring the session there. Commands are held. */
  | { at: 'joining'; tries: Tries<P>; view: P; dueAt: number }
  /** Commands go to `view` and answers come back. */
  | { at: 'flowing'; tries: Tries<P>; view: P }
  /** Nothing more is sent to `view`; the answers to what it has are awaited. `next` as soon as the topology has said it. */
  | { at: 'leaving'; tries: Tries<P>; view: P; next: P | undefined; dueAt: number }
  | { at: 'closed' };

/** What happened since the last command that was settled. */
export interface Tries<P extends Primary = Primary> {
  /** Moves begun. */
  readonly moves: number;
  /** Of these, because a node said that it is not the primary. */
  readonly bounces: number;
  /** The node that commands went to last. */
  readonly from: P | undefined;
}

export type Event<P extends Primary = Primary> =
  | { type: 'open' }
  /** The topology's answer to `seek`, or its own news. */
  | { type: 'primary'; view: P }
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
  /** The link is the session's own: send. */
  | { do: 'flow' }
  /** The first command without an answer has been sent round too often. */
  | { do: 'give-up' };

/** What became of commands that a node answered when it may have been the primary or not. */
export type Verdict =
  /** It was the primary all the time: its answers stand. */
  | 'stands'
  /** It was not: the commands run again. */
  | 'again'
  /** It may have been for a part of the time. */
  | 'unknown';

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
const LOST = [{ do: 'settle-lost' }, { do: 'rewind' }] as const;
const NO_TRIES = { moves: 0, bounces: 0, from: undefined } as const satisfies Tries;

export const initial = { at: 'seeking', tries: NO_TRIES, left: undefined, dueAt: 0 } as const satisfies State;

/** What follows from `event` in `state`. An event that means nothing there changes nothing. */
export function step<P extends Primary>(state: State<P>, event: Event<P>, moment: Moment): Step<P> {
  if (state.at === 'closed') return stay(state);
  switch (event.type) {
    case 'open':
      return becomeSeeking<P>(NO_TRIES, undefined, moment);
    case 'primary':
      return onPrimary(state, event.view, moment);
    case 'joined':
      return state.at === 'joining' ? becomeFlowing(state.tries, state.view) : stay(state);
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
      return state.at === 'flowing' && state.tries.moves > 0 ? stay({ ...state, tries: NO_TRIES }) : stay(state);
    case 'close':
      return { state: { at: 'closed' }, effects: [{ do: 'hang-up' }] };
  }
}

function onPrimary<P extends Primary>(state: State<P>, view: P, moment: Moment): Step<P> {
  // News may overtake each other on their way here.
  if (view.term < termKnown(state)) return stay(state);
  switch (state.at) {
    case 'seeking':
      return onward(state.tries, state.left, view, moment);
    case 'resting':
      return view.node === state.view.node ? stay({ ...state, view }) : becomeJoining(state.tries, view, moment);
    case 'joining':
      if (view.node === state.view.node) return stay({ ...state, view });
      return withEffects([{ do: 'hang-up' }], becomeJoining(state.tries, view, moment));
    case 'flowing':
      if (view.node === state.view.node) return stay({ ...state, view });
      return { state: leaving(state, view, moment), effects: [] };
    case 'leaving':
      return stay({ ...state, next: view });
    case 'closed':
      return stay(state);
  }
}

function termKnown(state: State): number {
  switch (state.at) {
    case 'seeking':
      return state.left?.term ?? Number.NEGATIVE_INFINITY;
    case 'leaving':
      return state.next?.term ?? state.view.term;
    case 'closed':
      return Number.POSITIVE_INFINITY;
    default:
      return state.view.term;
  }
}

/** Having left `old`, the next primary is known: join it, at once unless it is the node that was just left. */
function onward<P extends Primary>(tries: Tries<P>, old: P | undefined, view: P, moment: Moment): Step<P> {
  if (old === undefined) return becomeJoining(tries, view, moment);
  if (view.node === old.node && tries.moves > 1) return becomeResting(tries, view, moment);
  return becomeJoining(tries, view, moment);
}

function onRefused<P extends Primary>(state: State<P>, bounce: boolean, moment: Moment): Step<P> {
  if (state.at !== 'flowing' && state.at !== 'leaving') return stay(state);
  const tries = oneMoreMove(state.tries, bounce);
  const next = state.at === 'leaving' ? state.next : undefined;
  return {
    state: leaving({ view: state.view, tries }, next, moment),
    effects: [{ do: 'seek', refusedBy: state.view.node }],
  };
}

function onLost<P extends Primary>(state: State<P>, moment: Moment): Step<P> {
  switch (state.at) {
    case 'flowing':
      return withEffects(LOST, becomeSeeking({ ...oneMoreMove(state.tries), from: state.view }, state.view, moment));
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
      return becomeSeeking(state.tries, state.left, moment);
    case 'resting':
      return becomeJoining(state.tries, state.view, moment);
    case 'joining':
      return withEffects([{ do: 'hang-up' }], missed(state, moment));
    case 'leaving':
      return withEffects([{ do: 'hang-up' }, ...LOST], left(state, moment));
  }
}

/** The old node has answered all that it will. */
function left<P extends Primary>(state: State<P> & { at: 'leaving' }, moment: Moment): Step<P> {
  const enough = state.tries.bounces > moment.limits.redirectsMax;
  const tries = { ...(enough ? NO_TRIES : state.tries), from: state.view };
  const next =
    state.next === undefined ? becomeSeeking(tries, state.view, moment) : onward(tries, state.view, state.next, moment);
  return withEffects(enough ? [{ do: 'give-up' }] : [], next);
}

function missed<P extends Primary>(state: State<P> & { at: 'joining' }, moment: Moment): Step<P> {
  return becomeSeeking(oneMoreMove(state.tries), state.view, moment);
}

function becomeSeeking<P extends Primary>(tries: Tries<P>, old: P | undefined, { now }: Moment): Step<P> {
  return {
    state: { at: 'seeking', tries, left: old, dueAt: now + SEEK_AGAIN_MS },
    effects: [{ do: 'seek', refusedBy: old?.node }],
  };
}

function becomeResting<P extends Primary>(tries: Tries<P>, view: P, { now }: Moment): Step<P> {
  const restMs = Math.min(2 ** Math.min(tries.moves - 1, 10), REST_MAX_MS);
  return { state: { at: 'resting', tries, view, dueAt: now + restMs }, effects: [] };
}

function becomeJoining<P extends Primary>(tries: Tries<P>, view: P, { now, limits }: Moment): Step<P> {
  return {
    state: { at: 'joining', tries, view, dueAt: now + limits.joinTimeoutMs },
    effects: [{ do: 'dial', view }],
  };
}

function becomeFlowing<P extends Primary>(tries: Tries<P>, view: P): Step<P> {
  const { from } = tries;
  const flowing: Step<P> = { state: { at: 'flowing', tries, view }, effects: [{ do: 'flow' }] };
  return from === undefined ? flowing : withEffects([{ do: 'resolve', from, verdict: verdictOn(from, view) }], flowing);
}

/** Whether `from` was the primary when it gave its last answers, now that `view` has said itself that it is. */
function verdictOn(from: Primary, view: Primary): Verdict {
  if (view.node === from.node) return view.term === from.term ? 'stands' : 'unknown';
  return view.term <= from.term + 1 ? 'again' : 'unknown';
}

function leaving<P extends Primary>(
  from: { view: P; tries: Tries<P> },
  next: P | undefined,
  { now, limits }: Moment,
): State<P> {
  return { at: 'leaving', tries: from.tries, view: from.view, next, dueAt: now + limits.drainTimeoutMs };
}

function oneMoreMove<P extends Primary>(tries: Tries<P>, bounce = false): Tries<P> {
  return { ...tries, moves: tries.moves + 1, bounces: tries.bounces + (bounce ? 1 : 0) };
}

function stay<P extends Primary>(state: State<P>): Step<P> {
  return { state, effects: [] };
}

function withEffects<P extends Primary>(first: readonly Effect<P>[], rest: Step<P>): Step<P> {
  return { state: rest.state, effects: [...first, ...rest.effects] };
}
