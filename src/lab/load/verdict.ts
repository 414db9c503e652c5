/** What a check found. Every number but `checked` must be zero. */
export interface Verdict {
  /** Promises that were compared with the data. */
  checked: number;
  /** Acknowledged, and not there. */
  lost: number;
  /** There more often than it was sent. */
  doubled: number;
  /** There, but before something that was sent earlier. */
  reordered: number;
  /** There, although it was refused or never sent. */
  ghosts: number;
  /** Parts of one transaction or script that do not fit each other. */
  torn: number;
  /** Replies that belong to another command, or to no command. */
  misanswered: number;
  /** Reads that do not show what the same client had written before. */
  stale: number;
  /** Values that are not, byte by byte, what was sent. */
  corrupt: number;
  /** Commands that got neither reply nor error. */
  unsettled: number;
  /** The first findings in words. */
  notes: string[];
}

export type Finding = Exclude<keyof Verdict, 'checked' | 'notes'>;

export const findings: readonly Finding[] = [
  'lost',
  'doubled',
  'reordered',
  'ghosts',
  'torn',
  'misanswered',
  'stale',
  'corrupt',
  'unsettled',
];

const notesMax = 20;

export function newVerdict(): Verdict {
  const zeros = Object.fromEntries(findings.map((finding) => [finding, 0])) as Record<Finding, number>;
  return { checked: 0, ...zeros, notes: [] };
}

/** Counts a finding; the first ones are kept in words. */
export function complain(verdict: Verdict, finding: Finding, note: string, count = 1): void {
  if (count <= 0) return;
  verdict[finding] += count;
  if (verdict.notes.length < notesMax) verdict.notes.push(`${finding}: ${note}`);
}

export function mergeVerdicts(verdicts: Iterable<Verdict>): Verdict {
  const sum = newVerdict();
  for (const verdict of verdicts) {
    sum.checked += verdict.checked;
    for (const finding of findings) sum[finding] += verdict[finding];
    sum.notes.push(...verdict.notes.slice(0, notesMax - sum.notes.length));
  }
  return sum;
}

export function isClean(verdict: Verdict): boolean {
  return findings.every((finding) => verdict[finding] === 0);
}

/** All that is neither lost, doubled nor reordered: for tables that have one column for it. */
export function wrongAnswers(verdict: Verdict): number {
  const { ghosts, torn, misanswered, stale, corrupt, unsettled } = verdict;
  return ghosts + torn + misanswered + stale + corrupt + unsettled;
}
