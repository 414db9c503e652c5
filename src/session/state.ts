/*
 * Where a session stands, and what it carries from state to state. `machine.ts` says how one follows from another.
 */

/** A node in its time as primary, as the topology knows it; or a replica in that time, for a session that reads. */
export interface Primary {
  readonly node: string;
  readonly term: number;
  /** The server process behind the name, where it is known. */
  readonly process?: string | undefined;
  /** Nothing but reads may go there. `term` is its primary's. */
  readonly replica?: true;
}

export type State<P extends Primary = Primary> =
  /** No connection; the topology has been asked for the primary. Commands are held. */
  | { at: 'seeking'; course: Course<P>; left: P | undefined; dueAt: number }
  /** The primary is said to be the node that just refused: wait a little. Commands are held. */
  | { at: 'resting'; course: Course<P>; view: P; dueAt: number }
  /** Dialling `view` and restoring the session there. Commands are held. */
  | { at: 'joining'; course: Course<P>; view: P; dueAt: number; stalls: number }
  /** Commands go to `view` and answers come back. */
  | { at: 'flowing'; course: Course<P>; view: P }
  /** Nothing more is sent to `view` for a while; it answers what it has. A switch away from it is expected. */
  | { at: 'holding'; course: Course<P>; view: P; dueAt: number }
  /** Nothing more is sent to `view`; the answers to what it has are awaited. `next` as soon as the topology has said it. */
  | { at: 'leaving'; course: Course<P>; view: P; next: P | undefined; dueAt: number }
  | { at: 'closed' };

/** What a session carries from state to state. The counts are of the time since a command was last settled. */
export interface Course<P extends Primary = Primary> {
  /** Moves begun. */
  readonly moves: number;
  /** Of these, because a node said that it is not the primary. */
  readonly bounces: number;
  /** The node that commands went to last. */
  readonly from: P | undefined;
  /** It was left, or is being left, since it said that it is not the primary. */
  readonly expelled: boolean;
  readonly hold: Standstill | undefined;
}

/** Nothing is to be sent until then. */
export interface Standstill {
  readonly untilMs: number;
  /** Of the reign that is about to end; a newer one ends the hold. Undefined: none is known yet, the first is meant. */
  readonly term: number | undefined;
}

const START = { moves: 0, bounces: 0, from: undefined, expelled: false, hold: undefined } as const satisfies Course;

/** Until `open`. */
export const initial = {
  at: 'seeking',
  course: START,
  left: undefined,
  dueAt: Number.POSITIVE_INFINITY,
} as const satisfies State;

/** The newest term that the session has heard of. */
export function termKnown(state: State): number {
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

/** `bounce`: because the node is not the primary. */
export function oneMoreMove<P extends Primary>(course: Course<P>, bounce = false): Course<P> {
  return { ...course, moves: course.moves + 1, bounces: course.bounces + (bounce ? 1 : 0) };
}

/** The same way on, and what was counted begins anew. */
export function anew<P extends Primary>(course: Course<P>): Course<P> {
  return course.moves === 0 ? course : { ...START, hold: course.hold };
}

/** Commands are answered by `view` as they were sent. */
export function hasLink<P extends Primary>(state: State<P>): state is State<P> & { at: 'flowing' | 'holding' } {
  return state.at === 'flowing' || state.at === 'holding';
}
