import { changeNode, type Draft } from './watch-draft.js';
import type { NodeState, Sample } from './watch-state.js';

/*
 * How fresh the data of a replica is. Whoever has reached an offset that the primary told has all that the primary had
 * when it was asked. So with each answer a replica is known to be as fresh as some moment, whatever the rate of writes;
 * and while nothing is written it is as fresh as the primary's last answer.
 */

/** At the usual pace of probes minutes; in a time of doubt seconds. */
const SAMPLES_MAX = 128;

/** `probed` has just answered a probe that was sent at `sentMs`. */
export function noteProgress(draft: Draft, probed: string, sentMs: number): void {
  const { reign } = draft.lineage;
  if (reign === undefined) return;
  if (draft.progress.term !== reign.term) draft.progress = { term: reign.term, samples: [] };
  // Of a new primary's, this step may not be the answer that made it primary.
  const primary = draft.nodes.get(reign.node);
  if (primary?.key === probed && primary.report?.role === 'primary' && !primary.report.loading) {
    draft.progress = { ...draft.progress, samples: withSample(draft.progress.samples, primary.report.offset, sentMs) };
  }
  for (const node of draft.nodes.values()) refresh(draft, node, reign.replids);
}

function withSample(samples: readonly Sample[], offset: number, atMs: number): readonly Sample[] {
  // What was told before of the same offset says less.
  const earlier = samples.findLastIndex((sample) => sample.offset < offset) + 1;
  return [...samples.slice(Math.max(0, earlier + 1 - SAMPLES_MAX), earlier), { offset, atMs }];
}

/** Offsets mean something to each other only within one history. */
function refresh(draft: Draft, { key, report, freshMs }: NodeState, replids: readonly string[]): void {
  if (report?.role !== 'replica' || report.loading || report.replid === undefined) return;
  if (!replids.includes(report.replid)) return;
  const reached = draft.progress.samples.findLast((sample) => sample.offset <= report.offset);
  if (reached !== undefined && reached.atMs > (freshMs ?? Number.NEGATIVE_INFINITY))
    changeNode(draft, key, { freshMs: reached.atMs });
}
