import { ReplyError } from '../../resp/index.js';
import type { AccessIo, Survey } from '../survey/index.js';
import { checks } from './all-checks.js';
import type { Check } from './check.js';
import { type CheckWanted, Examination } from './examination.js';
import type { Finding, Outcome } from './finding.js';
import { chooseTarget, isTarget } from './target.js';

/**
 * Runs all checks on the pair of the survey, at the same time; takes about as long as the sample of the write rate.
 * Resolves with at least one finding for each check, in the order of the checks; with the single finding `target` when
 * the survey does not show who would hand over to whom. Changes nothing.
 */
export async function checkPair(
  survey: Survey,
  wanted: CheckWanted,
  io: AccessIo = {},
  which: readonly Check[] = checks,
): Promise<Finding[]> {
  const target = chooseTarget(survey, wanted.to);
  if (!isTarget(target)) return [target];
  const facts = new Examination(survey, target, wanted, io);
  try {
    const found = await Promise.all(which.map((check) => runCheck(check, facts)));
    return found.flat();
  } finally {
    facts.close();
  }
}

/** The gravest verdict among them. */
export function worstOf(findings: readonly Finding[]): Finding['verdict'] {
  if (findings.some(({ verdict }) => verdict === 'refuse')) return 'refuse';
  return findings.some(({ verdict }) => verdict === 'warning') ? 'warning' : 'ok';
}

async function runCheck(check: Check, facts: Examination): Promise<Finding[]> {
  const untold = (check.needs ?? []).find((question) =>
    [facts.from, facts.to].some(({ withheld }) => withheld.has(question)),
  );
  const outcomes =
    untold !== undefined
      ? [blind(`a node does not tell its ${untold}`)]
      : await Promise.resolve()
          .then(() => check.run(facts))
          .catch(failed);
  return outcomes.map((outcome) => ({ check: check.name, ...outcome }));
}

/** A refused question leaves a check blind; a lost node is no node for a switch. */
function failed(error: unknown): Outcome[] {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ReplyError)) return [{ verdict: 'refuse', reason: `a node was lost meanwhile: ${reason}` }];
  return [blind(reason)];
}

function blind(reason: string): Outcome {
  return { verdict: 'warning', reason: `it cannot be looked at: ${reason}`, remedy: 'allow our user this command' };
}
