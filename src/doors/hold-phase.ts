import type { PrimaryView } from '../topology/index.js';
import type { HeldSeries } from './held-series.js';
import type { Roll } from './roll.js';

/** What the sessions of a pair in this process do together at a planned switch. */
export type HoldEvent =
  /** They stand restored at `to` and go on where they are; `late` of them do not. */
  | { type: 'prepared'; id: string; to: string; sessions: number; late: number; tookMs: number }
  /** They hold; `late` of them still await answers. `held`: commands without an answer. */
  | { type: 'holding'; id: string; sessions: number; late: number; held: number; tookMs: number }
  /** They go on. `expired`: nobody told them to within the time of the notice. */
  | { type: 'released'; id: string; outcome: 'switched' | 'given-up' | 'expired'; heldMs: number }
  /** They do nothing about a notice of this kind, for this reason. */
  | { type: 'unable'; id: string; kind: 'prepare' | 'hold'; sessions: number; reason: string };

/** What a party is about, and since when. */
export type Phase<T> =
  /** Nothing is asked of the sessions. */
  | { readonly at: 'apart' }
  /** `ready` is answered when the roll is done, or at `answerAtMs`. */
  | ({ readonly at: 'preparing'; readonly answerAtMs: number } & Plan<T>)
  | ({ readonly at: 'prepared' } & Plan<T>)
  /** `holding` is answered when the roll is done, or at `answerAtMs`. */
  | ({ readonly at: 'stopping'; readonly answerAtMs: number; readonly askAtMs: number } & Hold<T>)
  | ({ readonly at: 'holding'; readonly askAtMs: number } & Hold<T>)
  /** The topology is asked who is primary now, since `askedMs`; again at `askAtMs`, when its answer was not enough. */
  | ({ readonly at: 'released'; readonly askedMs: number; readonly askAtMs: number } & (Plan<T> | Hold<T>));

export interface Plan<T> {
  readonly id: string;
  /** The node to be left. */
  readonly from: string;
  readonly to: PrimaryView;
  readonly sinceMs: number;
  /** When it is over, whatever happens. */
  readonly endsAtMs: number;
  readonly roll: Roll<T>;
}

export interface Hold<T> extends Plan<T> {
  /** How many others hold for it, this one included, where the operator has said so. */
  readonly processes: number | undefined;
  readonly series: HeldSeries;
  readonly isHold: true;
}

export function isHold<T>(phase: Phase<T>): phase is Phase<T> & Hold<T> {
  return 'isHold' in phase;
}

/** When something is to be done although nothing has happened; its end apart. */
export function nextStepAtMs<T>(phase: Phase<T>): number {
  switch (phase.at) {
    case 'preparing':
      return phase.answerAtMs;
    case 'stopping':
      return Math.min(phase.answerAtMs, phase.askAtMs);
    case 'holding':
    case 'released':
      return phase.askAtMs;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
