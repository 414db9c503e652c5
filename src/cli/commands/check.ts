import type { Command } from 'commander';
import { checkPair, worstOf } from '../../switchover/checks/index.js';
import { takeSurvey } from '../../switchover/survey/index.js';
import { findingLines, verdictLine } from '../check/finding-lines.js';
import { defineCommand } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { unlessInterrupted } from '../interrupted.js';
import { outputSettings, pairReach, pairSettings } from '../settings/pair-settings.js';
import { planSettings } from '../settings/plan-settings.js';
import { say } from '../terminal.js';
import { refuseLogin } from './status.js';

export function checkCommand(): Command {
  return defineCommand({
    name: 'check',
    what: 'tell whether a pair is fit for a switch, and what would become of whom; changes nothing',
    settings: { ...pairSettings, ...planSettings, ...outputSettings },
    examples: [
      ['segue check --nodes valkey://10.0.0.1:6379', 'would its replica be fit to take over?'],
      ['segue check --nodes 10.0.0.1:6379 --to 10.0.0.3:6379', 'would this one, of several?'],
    ],
    exits: [
      [ExitCode.Done, 'fit, perhaps with warnings'],
      [ExitCode.ChecksFailed, 'not fit: a check refuses'],
    ],
    async run({ json, to, method, absence, ...values }, { out, style, interrupted }) {
      const reach = pairReach(values);
      const survey = await unlessInterrupted(interrupted, takeSurvey(reach));
      refuseLogin(survey);
      const wanted = {
        access: reach,
        method,
        absenceSeconds: absence / 1000,
        ...(to === undefined ? {} : { to }),
      };
      const findings = await unlessInterrupted(interrupted, checkPair(survey, wanted));
      const verdict = worstOf(findings);
      if (json)
        say(out, JSON.stringify({ takenAt: survey.takenAt, primary: survey.primary?.name ?? null, verdict, findings }));
      else {
        const lines = ['', ...findingLines(findings, style, out.columns || 100), '', verdictLine(findings, style), ''];
        for (const line of lines) say(out, line);
      }
      return verdict === 'refuse' ? ExitCode.ChecksFailed : ExitCode.Done;
    },
  });
}
