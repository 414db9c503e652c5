import type { Command } from 'commander';
import { isReached, type Survey, takeSurvey } from '../../switchover/survey/index.js';
import { defineCommand } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { unlessInterrupted } from '../interrupted.js';
import { UsageError } from '../report-error.js';
import { outputSettings, type PairReach, pairReach, pairSettings } from '../settings/pair-settings.js';
import { duration, yesNo } from '../settings/setting.js';
import { statusJson } from '../status/status-json.js';
import { statusLine, statusLines } from '../status/status-lines.js';
import { WatchScreen } from '../status/watch-screen.js';
import { say, type Terminal } from '../terminal.js';

export function statusCommand(): Command {
  return defineCommand({
    name: 'status',
    what: 'show the nodes of a pair, how far they are apart, and who is connected',
    settings: {
      ...pairSettings,
      ...outputSettings,
      watch: yesNo('show it again and again, until Ctrl-C'),
      interval: duration('between two looks of --watch', '1s'),
    },
    examples: [
      ['segue status --nodes valkey://10.0.0.1:6379', 'finds the other nodes by itself'],
      [
        'segue status --nodes 10.0.0.1:6379 --watch',
        'until Ctrl-C; redrawn on a terminal, one line each time elsewhere',
      ],
      ['segue status --nodes 10.0.0.1:6379 --json | jq .primary', 'for scripts; with --watch one object per line'],
    ],
    exits: [
      [ExitCode.Done, 'there is one primary'],
      [ExitCode.Unknown, 'there is none, or more than one'],
    ],
    async run({ json, watch, interval, ...values }, terminal) {
      const reach = pairReach(values);
      if (watch) return watchPair(reach, { json, intervalMs: interval }, terminal);
      const survey = await unlessInterrupted(terminal.interrupted, takeSurvey(reach));
      refuseLogin(survey);
      if (json) say(terminal.out, JSON.stringify(statusJson(survey)));
      else for (const line of ['', ...statusLines(survey, terminal.style), '']) say(terminal.out, line);
      return survey.primary === undefined ? ExitCode.Unknown : ExitCode.Done;
    },
  });
}

async function watchPair(
  reach: PairReach,
  { json, intervalMs }: { readonly json: boolean; readonly intervalMs: number },
  { out, style, interrupted }: Terminal,
): Promise<ExitCode> {
  const screen = out.isTTY === true && process.env.TERM !== 'dumb' && !json ? new WatchScreen(out) : undefined;
  const show = (survey: Survey): void => {
    if (screen === undefined) say(out, json ? JSON.stringify(statusJson(survey)) : statusLine(survey));
    else
      screen.draw(['', ...statusLines(survey, style), '', style.dim(`  ${survey.takenAt.toISOString()}, Ctrl-C ends`)]);
  };
  try {
    let sentinels: Survey['sentinels'] = [];
    while (!interrupted.aborted) {
      // Those that are known need not be listened for again, which would take longer than the interval.
      const survey = await unlessInterrupted(interrupted, takeSurvey(reach, {}, { sentinels }));
      show(survey);
      sentinels = survey.sentinels;
      await rest(intervalMs, interrupted);
    }
  } finally {
    screen?.close();
  }
  return ExitCode.Interrupted;
}

/** A password that every node refuses is the user's mistake, not the pair's state. */
export function refuseLogin(survey: Survey): void {
  const refusals = survey.nodes.flatMap((node) => (!isReached(node) && node.why === 'login' ? [node.reason] : []));
  if (refusals.length === 0 || refusals.length < survey.nodes.length) return;
  throw new UsageError(`no node let us in: ${refusals.join('; ')} (--user, --password-file or SEGUE_PASSWORD)`);
}

/** Until the time is over or the user has had enough. */
function rest(ms: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (interrupted.aborted) return resolve();
    const timer = setTimeout(end, ms);
    interrupted.addEventListener('abort', end, { once: true });
    function end(): void {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', end);
      resolve();
    }
  });
}
