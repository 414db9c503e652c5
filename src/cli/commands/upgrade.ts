import type { Command } from 'commander';
import { worstOf } from '../../switchover/checks/index.js';
import { SwitchError } from '../../switchover/index.js';
import { takeSurvey } from '../../switchover/survey/index.js';
import {
  previewUpgrade,
  RestartCommand,
  type StageEvent,
  UpgradeError,
  type UpgradeErrorCode,
  type UpgradeOptions,
  type UpgradeReport,
  upgradePair,
} from '../../switchover/upgrade/index.js';
import { confirm } from '../confirm.js';
import { defineCommand } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { time } from '../format.js';
import { UsageError } from '../report-error.js';
import { outputSettings, type PairReach, pairReach, pairSettings } from '../settings/pair-settings.js';
import { planSettings } from '../settings/plan-settings.js';
import { duration, path, text, type Values, yesNo } from '../settings/setting.js';
import { findJournal, journalPath } from '../switch/journal-path.js';
import { say, type Terminal } from '../terminal.js';
import { previewLines, reportLines, stageText } from '../upgrade/upgrade-lines.js';

const exits: Record<UpgradeErrorCode, ExitCode> = {
  SEGUE_UPGRADE_CHECK: ExitCode.ChecksFailed,
  SEGUE_UPGRADE_GIVEN_UP: ExitCode.GivenUp,
  SEGUE_UPGRADE_STOPPED: ExitCode.Unknown,
  SEGUE_UPGRADE_UNPROVEN: ExitCode.Unproven,
  SEGUE_UPGRADE_INTERRUPTED: ExitCode.Interrupted,
  SEGUE_UPGRADE_JOURNAL: ExitCode.Usage,
  SEGUE_UPGRADE_COMMAND: ExitCode.Usage,
};

const upgradeSettings = {
  ...pairSettings,
  ...outputSettings,
  restart: text('<command>', 'how a node is restarted as its new version; {host} {port} {role} name it'),
  restartSetsRole: yesNo('the restart command starts the node as a replica of the right primary by itself'),
  expect: text('<version>', 'what the nodes must be afterwards, such as valkey-9.1'),
  to: text('<host:port>', 'the replica that becomes primary (default: the one most in step)'),
  absence: planSettings.absence,
  switchBack: yesNo('make the old primary the primary again in the end'),
  save: yesNo('make the server save at its shutdown, so that it resyncs partially', true),
  rest: duration('how long the pair goes on as it is after each restart and each switch (default: not at all)'),
  restartTimeout: duration('for the restart command, and again for the node to be back', '2m'),
  syncTimeout: duration('for a restarted node to be in step', '10m'),
  leaveTimeout: duration('for clients to leave the old primary before it is restarted all the same', '10s'),
  journal: path('where the stages are written down (default: in $XDG_STATE_HOME/segue)'),
  resume: yesNo('go on with the upgrade that the journal tells of'),
  dryRun: yesNo('only say what would be done'),
  yes: yesNo('do not ask'),
} as const;

type UpgradeValues = Values<typeof upgradeSettings>;

export function upgradeCommand(): Command {
  return defineCommand({
    name: 'upgrade',
    what: 'upgrade all nodes of a pair while it is in use: replicas, switch, old primary',
    settings: upgradeSettings,
    examples: [
      [
        `segue upgrade --nodes 10.0.0.1:6379 --expect valkey-9.1 --restart 'ssh {host} sudo systemctl restart valkey-server'`,
        'after the packages of the new version were installed on both machines',
      ],
      [
        `segue upgrade --nodes 10.0.0.1:6379 --restart './restart.sh {host} {port} {primary-host} {primary-port}'`,
        'the command also knows whom the node must follow',
      ],
      [`segue upgrade --nodes 10.0.0.1:6379 --restart '…' --resume`, 'goes on after a crash, a failure or Ctrl-C'],
    ],
    exits: [
      [ExitCode.Done, 'all nodes are upgraded and in step'],
      [ExitCode.ChecksFailed, 'the pair cannot be upgraded so; nothing was touched'],
      [ExitCode.GivenUp, 'given up before a node was restarted'],
      [ExitCode.Unproven, 'switched, but the upgrade is not complete'],
      [ExitCode.Unknown, 'a node did not come back as it should; a person must look'],
      [ExitCode.Busy, 'a switch is under way'],
      [ExitCode.Interrupted, 'interrupted; --resume goes on'],
    ],
    run: (values, terminal) => runUpgrade(values, terminal),
  });
}

async function runUpgrade(values: UpgradeValues, terminal: Terminal): Promise<ExitCode> {
  const { json, restart, dryRun, resume, yes } = values;
  if (restart === undefined) throw new UsageError('how is a node restarted? --restart "command with {host} {port}"');
  const reach = pairReach(values);
  if (!yes && !dryRun && !resume && !terminal.canAsk) {
    throw new UsageError('there is no terminal to ask on: say --yes to upgrade, or --dry-run to only look');
  }
  let journal = values.journal;
  try {
    const command = new RestartCommand(restart);
    const options = { ...optionsOf(values, command, terminal), ...reach };
    if (resume) {
      journal ??= findJournal(await namesOf(reach), undefined, 'upgrade');
      return tellReport(await upgradePair({ ...options, journalPath: journal, resume }), json, terminal);
    }
    const preview = await previewUpgrade(options);
    const { err, errStyle, out } = terminal;
    for (const line of ['', ...previewLines(preview, errStyle, err.columns || 100), '']) say(err, line);
    if (dryRun && json) say(out, JSON.stringify(preview));
    if (dryRun) return worstOf(preview.findings) === 'refuse' ? ExitCode.ChecksFailed : ExitCode.Done;
    if (worstOf(preview.findings) !== 'refuse' && !yes && !(await confirm('  Upgrade the pair so?', terminal))) {
      return terminal.interrupted.aborted ? ExitCode.Interrupted : ExitCode.GivenUp;
    }
    journal ??= journalPath([preview.plan.primary, ...preview.plan.replicas], undefined, 'upgrade');
    return tellReport(await upgradePair({ ...options, journalPath: journal, agreed: preview }), json, terminal);
  } catch (error) {
    if (error instanceof UpgradeError) return tellFailure(error, { json, journal }, terminal);
    if (error instanceof SwitchError && journal !== undefined) say(terminal.err, resumeHint(journal));
    throw error;
  }
}

function optionsOf(values: UpgradeValues, command: RestartCommand, terminal: Terminal): Omit<UpgradeOptions, 'nodes'> {
  return {
    restart: (node, signal) => command.run(node, signal, (line) => say(terminal.err, `    ${line}`)),
    restartSetsRole: values.restartSetsRole || command.setsRole,
    ...(values.expect === undefined ? {} : { expect: values.expect }),
    ...(values.to === undefined ? {} : { to: values.to }),
    absenceSeconds: values.absence / 1_000,
    switchBack: values.switchBack,
    restMs: values.rest ?? 0,
    saveAtShutdown: values.save,
    restartTimeoutMs: values.restartTimeout,
    syncTimeoutMs: values.syncTimeout,
    leaveTimeoutMs: values.leaveTimeout,
    signal: terminal.interrupted,
    onStage: (event) => tellStage(event, terminal),
  };
}

/** Of the nodes that can be found now; one of them may be down. */
async function namesOf(reach: PairReach): Promise<string[]> {
  return (await takeSurvey(reach, {}, { clients: false })).nodes.map(({ name }) => name);
}

function tellStage({ stage, state, detail, durationMs }: StageEvent, { err, errStyle }: Terminal): void {
  if (state === 'begun') {
    say(err, `  ${errStyle.accent('▸')} ${stageText(stage)}`);
    return;
  }
  const mark = state === 'done' ? errStyle.good('✓') : errStyle.bad('✗');
  say(err, `  ${mark} ${detail} ${errStyle.dim(time(durationMs))}`);
}

function tellReport(report: UpgradeReport, json: boolean, { out, style }: Terminal): ExitCode {
  if (json) say(out, JSON.stringify({ ok: true, ...report }));
  else for (const line of ['', ...reportLines(report, style), '']) say(out, line);
  return ExitCode.Done;
}

function tellFailure(
  error: UpgradeError,
  { json, journal }: { readonly json: boolean; readonly journal: string | undefined },
  { out, err }: Terminal,
): ExitCode {
  const { code, message, report } = error;
  if (json) say(out, JSON.stringify({ ok: false, code, message, ...report }));
  say(err, `segue: ${message}`);
  if (report !== undefined && journal !== undefined) say(err, resumeHint(journal));
  return exits[code];
}

function resumeHint(journal: string): string {
  return `segue: ${journal} knows how far it came; the same command with --resume goes on`;
}
