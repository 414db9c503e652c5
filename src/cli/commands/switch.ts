import type { Command } from 'commander';
import { checkPair, chooseTarget, isTarget, type Target, worstOf } from '../../switchover/checks/index.js';
import { sentinelOrders } from '../../switchover/sentinel/index.js';
import { takeSurvey } from '../../switchover/survey/index.js';
import { findingLines, verdictLine } from '../check/finding-lines.js';
import { confirm } from '../confirm.js';
import { defineCommand } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { unlessInterrupted } from '../interrupted.js';
import { UsageError } from '../report-error.js';
import { outputSettings, type PairReach, pairReach, pairSettings } from '../settings/pair-settings.js';
import { planSettings } from '../settings/plan-settings.js';
import { duration, path, type Values, yesNo } from '../settings/setting.js';
import { carryOut } from '../switch/carry-out.js';
import { journalPath } from '../switch/journal-path.js';
import { planLines } from '../switch/plan-lines.js';
import { claimReport } from '../switch/report-file.js';
import { resume } from '../switch/resume.js';
import { say, type Terminal } from '../terminal.js';
import { refuseLogin } from './status.js';

const switchSettings = {
  ...pairSettings,
  ...planSettings,
  ...outputSettings,
  yes: yesNo('do not ask'),
  resume: yesNo('finish or undo a switch that was broken off, whichever the nodes show to be right'),
  dryRun: yesNo('only check and show the plan'),
  report: path('write what happened into one HTML file for people who were not there'),
  notice: yesNo('tell clients on Segue to hold while the primary moves', true),
  canary: yesNo('write to a key segue:canary:… through the switch, as a proof (it is deleted afterwards)', true),
  catchUp: duration('for the replica to get the last bytes while writes wait; then everything is undone', '1s'),
  journal: path('where the switch is written down (default: in $XDG_STATE_HOME/segue)'),
} as const;

type SwitchValues = Values<typeof switchSettings>;

export function switchCommand(): Command {
  return defineCommand({
    name: 'switch',
    what: 'make the replica the primary, in a few milliseconds and without losing a write',
    settings: switchSettings,
    examples: [
      ['segue switch --nodes valkey://10.0.0.1:6379', 'checks, shows the plan, asks, switches, proves'],
      [
        'segue switch --nodes 10.0.0.1:6379 --to 10.0.0.3:6379 --yes --report switch.html',
        'in a script, with a report',
      ],
      ['segue switch --nodes 10.0.0.1:6379 --dry-run', 'all but the switch'],
      ['segue switch --nodes 10.0.0.1:6379 --resume', 'after this command, or a node, was killed in the middle of one'],
    ],
    exits: [
      [ExitCode.Done, 'switched and proven'],
      [ExitCode.ChecksFailed, 'not begun: a check refuses'],
      [ExitCode.GivenUp, 'given up, or undone by --resume: nothing has changed'],
      [ExitCode.Unproven, 'switched, but something that should follow could not be shown'],
      [ExitCode.Unknown, 'state unknown: a person must look'],
      [ExitCode.Busy, 'another switch is under way'],
      [ExitCode.Interrupted, 'interrupted and undone: nothing has changed'],
    ],
    async run(values, terminal) {
      const reach = pairReach(values);
      if (values.report !== undefined) claimReport(values.report);
      return values.resume ? resume({ ...values, reach }, terminal) : runSwitch(values, reach, terminal);
    },
  });
}

async function runSwitch(values: SwitchValues, reach: PairReach, terminal: Terminal): Promise<ExitCode> {
  if (!values.yes && !values.dryRun && !terminal.canAsk) {
    throw new UsageError('there is no terminal to ask on: say --yes to switch, or --dry-run to only look');
  }
  const { err, errStyle, interrupted } = terminal;
  const tell = (...lines: readonly string[]): void => {
    for (const line of lines) say(err, line);
  };
  const before = await unlessInterrupted(interrupted, takeSurvey(reach));
  refuseLogin(before);
  const { to, method } = values;
  const wanted = { access: reach, method, absenceSeconds: values.absence / 1_000, ...(to === undefined ? {} : { to }) };
  const findings = await unlessInterrupted(interrupted, checkPair(before, wanted));
  const shown = values.dryRun ? findings : findings.filter(({ verdict }) => verdict !== 'ok');
  tell('', ...findingLines(shown, errStyle, err.columns || 100), verdictLine(findings, errStyle), '');
  const target = chooseTarget(before, to);
  if (!isTarget(target) || worstOf(findings) === 'refuse') {
    if (values.json) say(terminal.out, JSON.stringify({ outcome: 'refused', findings }));
    return ExitCode.ChecksFailed;
  }
  const journal = values.journal ?? journalPath([target.from, target.to, ...target.others].map(({ name }) => name));
  const sentinels = before.sentinels.length;
  tell(...planLines({ ...values, target, journal, sentinels }, errStyle), '');
  if (values.dryRun) {
    if (values.json) say(terminal.out, JSON.stringify({ outcome: 'dry-run', findings, ...namesOf(target) }));
    return ExitCode.Done;
  }
  if (!values.yes && !(await confirm(`  Make ${target.to.name} the primary?`, terminal))) {
    tell('  Nothing was done.');
    return interrupted.aborted ? ExitCode.Interrupted : ExitCode.GivenUp;
  }
  const orders = sentinelOrders(before.sentinels, target.from, target.to);
  return carryOut({ ...values, reach, target, findings, before, journal, orders }, terminal);
}

function namesOf({ from, to, others }: Target): object {
  return { from: from.name, to: to.name, others: others.map(({ name }) => name) };
}
