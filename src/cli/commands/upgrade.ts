import type { Command } from 'commander';
import {
  previewUpgrade,
  RestartCommand,
  type StageEvent,
  UpgradeError,
  type UpgradeErrorCode,
  type UpgradeOptions,
  upgradePair,
} from '../../switchover/upgrade/index.js';
import { confirm } from '../confirm.js';
import { defineCommand } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { time } from '../format.js';
import { UsageError } from '../report-error.js';
import { outputSettings, pairReach, pairSettings } from '../settings/pair-settings.js';
import { duration, path, text, yesNo } from '../settings/setting.js';
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

const journalDefault = 'segue-upgrade.journal';

export function upgradeCommand(): Command {
  return defineCommand({
    name: 'upgrade',
    what: 'upgrade all nodes of a pair while it is in use: replicas, switch, old primary',
    settings: {
      ...pairSettings,
      ...outputSettings,
      restart: text('<command>', 'how a node is restarted as its new version; {host} {port} {role} name it'),
      restartSetsRole: yesNo('the restart command starts the node as a replica of the right primary by itself'),
      expect: text('<version>', 'what the nodes must be afterwards, such as valkey-9.1'),
      to: text('<host:port>', 'the replica that becomes primary (default: the one most in step)'),
      switchBack: yesNo('make the old primary the primary again in the end'),
      save: yesNo('make the server save at its shutdown, so that it resyncs partially', true),
      rest: duration('after each restart and each switch, to see whether all is well (default: none)'),
      restartTimeout: duration('for the restart command, and again for the node to be back', '2m'),
      syncTimeout: duration('for a restarted node to be in step', '10m'),
      leaveTimeout: duration('for clients to leave the old primary before it is restarted all the same', '10s'),
      journal: path(`where the stages are written down (default: ${journalDefault})`),
      resume: yesNo('go on with the upgrade that the journal tells of'),
      dryRun: yesNo('only say what would be done'),
      yes: yesNo('do not ask'),
    },
    examples: [
      [
        `segue upgrade --nodes 10.0.0.1:6379 --expect valkey-9.1 --restart 'ssh {host} sudo systemctl restart valkey'`,
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
      [ExitCode.Interrupted, 'interrupted; --resume goes on'],
    ],
    async run({ json, restart, dryRun, yes, resume, journal = journalDefault, ...values }, terminal) {
      if (restart === undefined)
        throw new UsageError('how is a node restarted? --restart "command with {host} {port}"');
      try {
        const command = new RestartCommand(restart);
        const options: UpgradeOptions = {
          ...pairReach(values),
          restart: (node, signal) => command.run(node, signal, (line) => say(terminal.err, `    ${line}`)),
          restartSetsRole: values.restartSetsRole || command.setsRole,
          ...(values.expect === undefined ? {} : { expect: values.expect }),
          ...(values.to === undefined ? {} : { to: values.to }),
          switchBack: values.switchBack,
          restMs: values.rest ?? 0,
          saveAtShutdown: values.save,
          restartTimeoutMs: values.restartTimeout,
          syncTimeoutMs: values.syncTimeout,
          leaveTimeoutMs: values.leaveTimeout,
          journalPath: journal,
          resume,
          signal: terminal.interrupted,
          onStage: (event) => tellStage(event, terminal),
        };
        const intent = resume ? undefined : await weigh(options, { json, dryRun, yes }, terminal);
        if (intent !== undefined) return intent;
        const report = await upgradePair(options);
        if (json) say(terminal.out, JSON.stringify({ ok: true, ...report }));
        else for (const line of ['', ...reportLines(report, terminal.style), '']) say(terminal.out, line);
        return ExitCode.Done;
      } catch (error) {
        if (!(error instanceof UpgradeError)) throw error;
        return tellFailure(error, { json, journal }, terminal);
      }
    },
  });
}

/** Says what will be done and asks. Resolves with an exit code when it ends here. */
async function weigh(
  options: UpgradeOptions,
  { json, dryRun, yes }: { readonly json: boolean; readonly dryRun: boolean; readonly yes: boolean },
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const preview = await previewUpgrade(options);
  const isRefused = preview.findings.some(({ verdict }) => verdict === 'refuse');
  if (dryRun && json) say(terminal.out, JSON.stringify(preview));
  else for (const line of ['', ...previewLines(preview, terminal.errStyle), '']) say(terminal.err, line);
  if (dryRun) return isRefused ? ExitCode.ChecksFailed : ExitCode.Done;
  if (isRefused || yes) return undefined;
  if (await confirm('Upgrade the pair so?', terminal)) return undefined;
  return terminal.interrupted.aborted ? ExitCode.Interrupted : ExitCode.GivenUp;
}

function tellStage({ stage, state, detail, durationMs }: StageEvent, { err, errStyle }: Terminal): void {
  if (state === 'begun') {
    say(err, `  ${errStyle.accent('▸')} ${stageText(stage)}`);
    return;
  }
  const mark = state === 'done' ? errStyle.good('✓') : errStyle.bad('✗');
  say(err, `  ${mark} ${detail} ${errStyle.dim(time(durationMs))}`);
}

function tellFailure(
  error: UpgradeError,
  { json, journal }: { readonly json: boolean; readonly journal: string },
  { out, err }: Terminal,
): ExitCode {
  const { code, message, report } = error;
  if (json) say(out, JSON.stringify({ ok: false, code, message, ...report }));
  say(err, `segue: ${message}`);
  const canResume = report !== undefined || code === 'SEGUE_UPGRADE_JOURNAL';
  if (canResume) say(err, `segue: ${journal} knows how far it came; the same command with --resume goes on`);
  return exits[code];
}
