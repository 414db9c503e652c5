import type { Primary } from './state.js';

/** What became of commands that a node answered when it may have been the primary or not. */
export type Verdict =
  /** It was the primary all the time: its answers stand. */
  | 'stands'
  /** It was not: the commands run again. */
  | 'again'
  /** It may have been for a part of the time. */
  | 'unknown';

/**
 * Whether `from` was the primary when it gave its last answers, now that `view` has said itself that it is. `expelled`: before
 * them it had said that it was not; else (it was loading, say) it may have been demoted only after them.
 */
export function verdictOn(from: Primary, view: Primary, expelled: boolean): Verdict {
  if (view.node === from.node) return view.term === from.term ? 'stands' : 'unknown';
  return expelled && view.term <= from.term + 1 ? 'again' : 'unknown';
}
