import { chooseTarget, isTarget } from '../checks/index.js';
import { planSwitch } from '../plan-switch.js';
import { resumeSwitch } from '../resume/resume-switch.js';
import { type SentinelOrder, type SentinelReport, sentinelOrders, tellSentinels } from '../sentinel/index.js';
import { isReached, type Survey, takeSurvey } from '../survey/index.js';
import { switchPrimary } from '../switch-primary.js';
import { loginFor } from './login.js';
import type { UpgradeNode } from './upgrade-node.js';
import type { UpgradeRun } from './upgrade-run.js';

/** Switches to the node, and tells the Sentinels. Resolves with what there is to say. */
export async function makePrimary(run: UpgradeRun, name: string): Promise<string> {
  const to = run.node(name);
  const from = run.primary;
  await endBrokenSwitch(run);
  const survey = await takeSurvey(run.options, run.io, { clients: false });
  // It may be the second attempt, and the first may have come through.
  if (survey.primary?.names.includes(name)) {
    run.recall({ kind: 'switch', node: name });
    warnOf(run, await tellSentinels(ordersOf(survey, from, to), run.options, run.io));
    return `${name} is primary already`;
  }
  const target = chooseTarget(survey, name);
  const orders = isTarget(target) ? sentinelOrders(survey.sentinels, target.from, target.to) : [];
  return performSwitch(run, name, survey, orders);
}

async function performSwitch(
  run: UpgradeRun,
  name: string,
  survey: Survey,
  orders: readonly SentinelOrder[],
): Promise<string> {
  const { journalPath, switchOptions } = run.options;
  const perform = run.options.switchPrimary ?? ((options) => switchPrimary(options, run.io));
  const report = await perform({
    ...switchOptions,
    ...loginFor(run.options),
    ...planSwitch(survey, { to: name }),
    ...(journalPath === undefined ? {} : { journalPath: switchJournalOf(journalPath) }),
    ...(run.options.sentinels === undefined ? {} : { sentinelUrls: run.options.sentinels }),
    sentinels: orders,
    signal: run.signal,
  });
  run.switches.push(report);
  run.recall({ kind: 'switch', node: name });
  warnOf(run, report.sentinels);
  return `writes waited ${report.unwritableMs?.toFixed(1)} ms, ${report.resync} resync`;
}

/** Of a switch that has happened: for Sentinels that still have the old primary. */
function ordersOf(survey: Survey, from: UpgradeNode, to: UpgradeNode): SentinelOrder[] {
  const nodes = survey.nodes.filter(isReached);
  const [old, now] = [from, to].map(({ name }) => nodes.find(({ names }) => names.includes(name)));
  return old === undefined || now === undefined ? [] : sentinelOrders(survey.sentinels, old, now);
}

function warnOf(run: UpgradeRun, reports: readonly SentinelReport[]): void {
  for (const { sentinel, outcome, note } of reports) {
    if (outcome === 'failed') run.warn(`the Sentinel ${sentinel} was not told of the new primary: ${note}`);
  }
}

/** An earlier attempt may have been broken off in the middle of the switch: it is finished or undone first. */
async function endBrokenSwitch(run: UpgradeRun): Promise<void> {
  const { journalPath, resume, nodes } = run.options;
  if (journalPath === undefined || resume !== true) return;
  const ended = await resumeSwitch(switchJournalOf(journalPath), { ...loginFor(run.options), nodes }, run.io);
  if (ended.outcome === 'finished' && ended.report !== undefined) run.switches.push(ended.report);
}

/** It stands beside ours. */
function switchJournalOf(journalPath: string): string {
  return `${journalPath}.switch`;
}
