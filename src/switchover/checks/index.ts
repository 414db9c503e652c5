export { checks } from './all-checks.js';
export type { Check } from './check.js';
export { checkPair, worstOf } from './check-pair.js';
export { type CheckWanted, Examination, type WriteRate } from './examination.js';
export type { Finding, Outcome, Verdict } from './finding.js';
export { chooseTarget, isTarget, type Target } from './target.js';
