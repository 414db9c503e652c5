import { type ResumeReport, resumeSwitch } from '../../switchover/index.js';
import { sentinelOrders, tellSentinels } from '../../switchover/sentinel/index.js';
import { isReached, type PairAccess, takeSurvey } from '../../switchover/survey/index.js';
import { ExitCode } from '../exit-code.js';
import { type PairReach, switchAccess } from '../settings/pair-settings.js';
import { say, type Terminal } from '../terminal.js';
import { findJournal } from './journal-path.js';
import { StepView } from './step-view.js';

export interface ResumeOptions {
  readonly reach: PairReach;
  readonly journal: string | undefined;
  readonly json: boolean;
}

/** Finishes or undoes the switch that the journal tells of, and says which. Rejects with a SwitchError where it cannot. */
export async function resume({ reach, journal, json }: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err, style, errStyle } = terminal;
  const path = journal ?? findJournal(await namesOf(reach));
  say(err, `\n  ${errStyle.dim(`journal ${path}`)}\n`);
  const view = new StepView(terminal);
  const options = { ...switchAccess(reach), nodes: reach.nodes, onStep: view.ended.bind(view) };
  const result = await resumeSwitch(path, options).finally(() => view.close());
  if (result.outcome === 'finished') await tellLate(reach);
  if (json) say(out, JSON.stringify(result));
  else for (const line of ['', `  ${style.good(sentenceOf(result))}: ${result.because}`, '']) say(out, line);
  return result.outcome === 'undone' ? ExitCode.GivenUp : ExitCode.Done;
}

function sentenceOf({ outcome, report }: ResumeReport): string {
  switch (outcome) {
    case 'finished':
      return `finished, ${report?.to} is the primary`;
    case 'undone':
      return `undone, ${report?.from} is the primary`;
    case 'nothing':
      return 'there is nothing to resume';
  }
}

/** Of the nodes that can be found now; one of them may be down. */
async function namesOf(reach: PairReach): Promise<string[]> {
  return (await takeSurvey(reach, {}, { clients: false })).nodes.flatMap(({ name, names }) => [name, ...names]);
}

/** Sentinels that the broken switch could not tell any more. Those that know it already say so. */
async function tellLate(access: PairAccess): Promise<void> {
  const { primary, nodes, sentinels } = await takeSurvey(access, {}, { clients: false });
  const other = nodes.filter(isReached).find(({ role }) => role === 'replica');
  if (primary === undefined || other === undefined) return;
  await tellSentinels(sentinelOrders(sentinels, other, primary), access);
}
