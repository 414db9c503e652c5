import type { Finding, Target } from '../../switchover/checks/index.js';
import { planSwitch, SwitchError, type SwitchReport, switchPrimary } from '../../switchover/index.js';
import type { SentinelOrder } from '../../switchover/sentinel/index.js';
import type { Survey } from '../../switchover/survey/index.js';
import { clock } from '../../transport/index.js';
import { ExitCode } from '../exit-code.js';
import { packageVersion } from '../package-version.js';
import { type PairReach, switchAccess } from '../settings/pair-settings.js';
import { say, type Terminal } from '../terminal.js';
import { Onlooker } from './onlooker.js';
import { writeReport } from './report-file.js';
import { StepView } from './step-view.js';
import { storyLines } from './story-lines.js';
import { tellStory } from './tell-story.js';

/** A switch on which all is decided. */
export interface DecidedSwitch {
  readonly reach: PairReach;
  readonly target: Target;
  readonly findings: readonly Finding[];
  readonly before: Survey;
  readonly orders: readonly SentinelOrder[];
  readonly journal: string;
  readonly method: 'manual' | 'failover';
  readonly notice: boolean;
  readonly canary: boolean;
  readonly report: string | undefined;
  readonly json: boolean;
  readonly catchUp: number;
}

/** With a report the picture shows a while without the switch on both sides; without one nobody should have to wait. */
const marginMs = { withReport: 1_000, without: 150 };

/** Switches while an onlooker watches and writes, and tells what came of it. Rejects with the SwitchError, when told. */
export async function carryOut(decided: DecidedSwitch, terminal: Terminal): Promise<ExitCode> {
  const { reach, target, canary, report } = decided;
  const isTold = report !== undefined || decided.json;
  const margin = report !== undefined ? marginMs.withReport : marginMs.without;
  const onlooker = await Onlooker.start({ access: reach, target, canary, gauge: isTold, marginMs: margin });
  const [startedAt, startedMs] = [new Date(), clock.now()];
  const result = await takeSteps(decided, terminal).catch(async (error: unknown) => {
    await onlooker.finish();
    throw error;
  });
  const testimony = await onlooker.finish();
  const madeBy = `segue ${packageVersion()}`;
  const story = tellStory({ ...decided, madeBy, startedAt, startedMs, result, testimony });
  const { out, err, style, errStyle, interrupted } = terminal;
  const [screen, paint] = decided.json ? [err, errStyle] : [out, style];
  for (const line of ['', ...storyLines(story, paint), '']) say(screen, line);
  if (decided.json) say(out, JSON.stringify(story));
  if (report !== undefined) writeReport(report, story, err);
  if (!(result instanceof SwitchError)) return story.outcome === 'switched' ? ExitCode.Done : ExitCode.Unproven;
  // What was undone because the user wanted it so is no failure.
  if (interrupted.aborted && result.code === 'SEGUE_SWITCH_GIVEN_UP') return ExitCode.Interrupted;
  if (isOpen(result))
    say(err, `  segue switch --resume --journal ${decided.journal} goes on when the nodes can be asked`);
  throw result;
}

async function takeSteps(decided: DecidedSwitch, terminal: Terminal): Promise<SwitchReport | SwitchError> {
  const { reach, target, orders } = decided;
  const { interrupted } = terminal;
  const view = new StepView(terminal);
  const warn = (): void => view.note('interrupted: what can be undone is undone; Ctrl-C again leaves it as it stands');
  interrupted.addEventListener('abort', warn, { once: true });
  return switchPrimary({
    ...switchAccess(reach),
    ...planSwitch(decided.before, { to: target.to.name }),
    method: decided.method,
    notice: decided.notice,
    journalPath: decided.journal,
    catchUpTimeoutMs: decided.catchUp,
    signal: interrupted,
    sentinels: orders,
    onStep: view.ended.bind(view),
  })
    .catch((error: unknown) => {
      if (error instanceof SwitchError) return error;
      throw error;
    })
    .finally(() => {
      view.close();
      interrupted.removeEventListener('abort', warn);
    });
}

/** The journal is not done: what is left can be finished or undone later. */
function isOpen({ code }: SwitchError): boolean {
  return code === 'SEGUE_SWITCH_UNKNOWN' || code === 'SEGUE_SWITCH_UNPROVEN';
}
