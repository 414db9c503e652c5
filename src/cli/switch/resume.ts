import { type ResumeReport, resumeSwitch, SwitchError } from '../../switchover/index.js';
import { type PairAccess, type Survey, takeSurvey } from '../../switchover/survey/index.js';
import { ExitCode } from '../exit-code.js';
import { packageVersion } from '../package-version.js';
import { type PairReach, switchAccess } from '../settings/pair-settings.js';
import { say, type Terminal } from '../terminal.js';
import { findJournal } from './journal-path.js';
import { writeReport } from './report-file.js';
import { StepView } from './step-view.js';
import { tellResumption } from './tell-resumption.js';

export interface ResumeOptions {
  readonly reach: PairReach;
  readonly journal: string | undefined;
  readonly report: string | undefined;
  readonly json: boolean;
}

/** Finishes or undoes the switch that the journal tells of, and says which. Rejects with a SwitchError where it cannot. */
export async function resume(options: ResumeOptions, terminal: Terminal): Promise<ExitCode> {
  const { out, err, style, errStyle } = terminal;
  const { reach, json, report } = options;
  // One of the nodes may be down.
  const before = await takeSurvey(reach, {}, { clients: false });
  const path = options.journal ?? findJournal(before.nodes.flatMap(({ name, names }) => [name, ...names]));
  say(err, `\n  ${errStyle.dim(`journal ${path}`)}\n`);
  const startedAt = new Date();
  const result = await takeSteps(path, reach, terminal);
  const after = report === undefined ? undefined : await lookAgain(reach);
  if (report !== undefined) {
    const story = tellResumption({ madeBy: `segue ${packageVersion()}`, startedAt, result, before, after });
    if (story === undefined) say(err, '  no report: there is nothing to tell');
    else writeReport(report, story, err);
  }
  if (result instanceof SwitchError) throw result;
  if (json) say(out, JSON.stringify(result));
  else for (const line of ['', `  ${style.good(sentenceOf(result))}: ${result.because}`, '']) say(out, line);
  return result.outcome === 'undone' ? ExitCode.GivenUp : ExitCode.Done;
}

async function takeSteps(path: string, reach: PairReach, terminal: Terminal): Promise<ResumeReport | SwitchError> {
  const view = new StepView(terminal);
  const options = { ...switchAccess(reach), nodes: reach.nodes, onStep: view.ended.bind(view) };
  return resumeSwitch(path, options)
    .catch((error: unknown) => {
      if (error instanceof SwitchError) return error;
      throw error;
    })
    .finally(() => view.close());
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

function lookAgain(access: PairAccess): Promise<Survey | undefined> {
  return takeSurvey(access, {}, { clients: false }).catch(() => undefined);
}
