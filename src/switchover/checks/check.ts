import type { Question } from '../survey/index.js';
import type { Examination } from './examination.js';
import type { Outcome } from './finding.js';

/** One guard rail. Looks and asks, and changes nothing that lasts. */
export interface Check {
  /** In small letters with hyphens; stands in findings and in docs/checks.md. */
  readonly name: string;
  /** What it looks at, in one sentence; docs/checks.md has the same. */
  readonly what: string;
  /** The worst that it can say. */
  readonly worst: 'warning' | 'refuse';
  /** What both nodes must have told for it to mean anything. */
  readonly needs?: readonly Question[];
  /** At least one outcome. A rejection means that it could not be looked at. */
  run(facts: Examination): Promise<readonly Outcome[]> | readonly Outcome[];
}
