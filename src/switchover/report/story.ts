import type { CanaryReport, NodeTrack } from '../canary/index.js';
import type { Finding } from '../checks/finding.js';
import type { SentinelReport } from '../sentinel/index.js';
import { isReached, type Survey } from '../survey/index.js';
import type { StepReport, SwitchReport } from '../switch-report.js';

/** How a switch ended. The first is the only good end; `refused` and `given-up` changed nothing. */
export type StoryOutcome = 'switched' | 'unproven' | 'refused' | 'given-up' | 'unknown';

/** A node before or after the switch, as the report tells it. */
export interface StoryNode {
  readonly name: string;
  readonly role: string;
  readonly version: string;
  readonly offset: number | undefined;
  readonly lagBytes: number | undefined;
  /** `up`, `down`, or why the node could not be asked. */
  readonly link: string;
}

/** Error replies of one kind that a node gave while the switch went on, to all its clients but the canary. */
export interface ErrorGrowth {
  readonly node: string;
  readonly code: string;
  readonly before: number;
  readonly after: number;
}

/** All that is known of one switch; the report is drawn from it, and `--json` prints it. Times in ms since the switch began. */
export interface SwitchStory {
  /** For example `segue 0.1.0`. */
  readonly madeBy: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly outcome: StoryOutcome;
  /** Why it did not end well. */
  readonly reason: string | undefined;
  /** Of a switch that had been broken off and was ended by another call: what that one found to be the case. */
  readonly resumed?: string;
  readonly from: string;
  readonly to: string;
  readonly switch: SwitchReport | undefined;
  readonly findings: readonly Finding[];
  readonly before: readonly StoryNode[];
  /** Empty when nobody could look any more. */
  readonly after: readonly StoryNode[];
  /** Empty when none watches the pair, or it did not come to telling them. */
  readonly sentinels: readonly SentinelReport[];
  readonly errors: readonly ErrorGrowth[];
  readonly canary: CanaryReport | undefined;
  /** When the canary's own time began. */
  readonly canaryStartedMs: number;
  /** Why there is no canary, although it was wanted. */
  readonly canaryTrouble: string | undefined;
  readonly tracks: readonly NodeTrack[];
  readonly tracksStartedMs: number;
  /** Why there are no tracks, although they were wanted. */
  readonly gaugeTrouble: string | undefined;
}

export function storyNodes(survey: Survey): StoryNode[] {
  return survey.nodes.map((node): StoryNode => {
    if (!isReached(node)) {
      const { name, reason } = node;
      return { name, role: 'not reached', version: '', offset: undefined, lagBytes: undefined, link: reason };
    }
    const { name, role, family, version, offset, lagBytes, link } = node;
    const state = link === undefined ? '' : `${link.up ? 'up' : 'down'}, to ${link.primary}`;
    return { name, role, version: `${family} ${version}`, offset, lagBytes, link: state };
  });
}

/**
 * Which errors the nodes gave between the two surveys, apart from `own`, the canary's. A node that was restarted or lost in
 * between tells nothing.
 */
export function errorGrowth(before: Survey, after: Survey, own: Readonly<Record<string, number>> = {}): ErrorGrowth[] {
  const left = new Map(Object.entries(own));
  return before.nodes.filter(isReached).flatMap((was) => {
    const is = after.nodes.filter(isReached).find(({ name }) => name === was.name);
    if (is === undefined || is.runId !== was.runId) return [];
    return [...is.counters.errors].flatMap(([code, count]): ErrorGrowth[] => {
      const earlier = was.counters.errors.get(code) ?? 0;
      const mine = Math.min(left.get(code) ?? 0, count - earlier);
      left.set(code, (left.get(code) ?? 0) - mine);
      return count - mine > earlier ? [{ node: was.name, code, before: earlier, after: count - mine }] : [];
    });
  });
}

/** The step with which writes begin to wait: zero on every axis. Undefined when it did not come to that. */
export function stopOfWrites(steps: readonly StepReport[]): StepReport | undefined {
  return steps.find(({ name }) => name === 'pause' || name === 'failover');
}
