import { checkPair } from '../checks/index.js';
import { type AccessIo, isReached, takeSurvey } from '../survey/index.js';
import { SwitchError } from '../switch-error.js';
import { left } from './leave.js';
import { makePrimary } from './make-primary.js';
import { planUpgrade } from './plan-upgrade.js';
import { inStep, isExpected, restartNode } from './restart-node.js';
import { versionText } from './server-version.js';
import { type Stage, stageName, stagesOf, type UpgradePlan, type UpgradePreview } from './stage.js';
import { checkUpgrade } from './upgrade-checks.js';
import { UpgradeError, type UpgradeErrorCode } from './upgrade-error.js';
import { type JournalContents, readJournal, UpgradeJournal } from './upgrade-journal.js';
import type { UpgradeOptions } from './upgrade-options.js';
import type { UpgradeReport } from './upgrade-report.js';
import { UpgradeRun } from './upgrade-run.js';

/**
 * Looks at the pair, decides, and runs the checks of the switch and those of the restarts; changes nothing. Rejects with
 * UpgradeError (SEGUE_UPGRADE_CHECK) when no plan is possible.
 */
export async function previewUpgrade(options: UpgradeOptions, io: AccessIo = {}): Promise<UpgradePreview> {
  const survey = await takeSurvey(options, io);
  const plan = planUpgrade(survey, options);
  const ofRestarts = checkUpgrade(plan, survey.nodes.filter(isReached), options.restartSetsRole ?? false);
  const { absenceSeconds, sampleMs } = options;
  const wanted = {
    access: options,
    to: plan.target,
    ...(absenceSeconds === undefined ? {} : { absenceSeconds }),
    ...(sampleMs === undefined ? {} : { sampleMs }),
  };
  const ofSwitch = await checkPair(survey, wanted, io);
  return { plan, stages: stagesOf(plan), findings: [...ofRestarts, ...ofSwitch] };
}

/**
 * Upgrades all nodes of a pair while it is in use: the replicas, one after the other; a switch; the old primary, once its
 * clients have gone. Resolves when all nodes are in step and as wanted. Rejects with an UpgradeError or a SwitchError whose
 * code says what is the case; with a journal, `resume` goes on from there.
 */
export async function upgradePair(options: UpgradeOptions, io: AccessIo = {}): Promise<UpgradeReport> {
  const begin = options.resume === true ? resumed : fresh;
  const { plan, earlier, journal, warnings } = await begin(options, io);
  const run = new UpgradeRun(options, io, plan, journal);
  for (const warning of warnings) run.warn(warning);
  try {
    for (const stage of stagesOf(plan)) await carryOut(run, stage, earlier);
    await journal?.end();
    return run.report();
  } catch (error) {
    if (error instanceof UpgradeError) error.report = run.report();
    throw error;
  } finally {
    await journal?.close();
  }
}

interface Begin {
  readonly plan: UpgradePlan;
  readonly earlier: JournalContents | undefined;
  readonly journal: UpgradeJournal | undefined;
  readonly warnings: readonly string[];
}

async function fresh(options: UpgradeOptions, io: AccessIo): Promise<Begin> {
  const { plan, findings } = options.agreed ?? (await previewUpgrade(options, io));
  const refusals = findings.filter(({ verdict }) => verdict === 'refuse');
  if (refusals.length > 0) {
    const reasons = refusals.map(({ node, reason }) => (node === undefined ? reason : `${node}: ${reason}`));
    throw new UpgradeError('SEGUE_UPGRADE_CHECK', reasons.join('; '));
  }
  const { journalPath } = options;
  const journal = journalPath === undefined ? undefined : await UpgradeJournal.begin(journalPath, plan);
  // Those of the switch were for the decision to begin.
  const own = findings.filter(({ check, verdict }) => verdict === 'warning' && check.startsWith('upgrade-'));
  const warnings = own.map(({ reason }) => reason);
  return { plan, earlier: undefined, journal, warnings };
}

async function resumed({ journalPath }: UpgradeOptions): Promise<Begin> {
  if (journalPath === undefined) throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', 'there is none to resume from');
  const earlier = await readJournal(journalPath);
  if (earlier === undefined) throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${journalPath} does not exist`);
  if (earlier.isEnded) throw new UpgradeError('SEGUE_UPGRADE_JOURNAL', `${journalPath}: that upgrade is complete`);
  return { plan: earlier.plan, earlier, journal: await UpgradeJournal.resume(journalPath), warnings: [] };
}

async function carryOut(run: UpgradeRun, stage: Stage, earlier: JournalContents | undefined): Promise<void> {
  const name = stageName(stage);
  if (earlier?.done.has(name) === true) return run.recall(stage);
  const tell = (state: 'begun' | 'done' | 'failed', detail: string): void => {
    run.options.onStage?.({ stage, state, detail, durationMs: run.clock.now() - begunAt });
  };
  const begunAt = run.clock.now();
  tell('begun', '');
  try {
    run.checkInterrupted();
    if (stage.kind !== 'restart') await run.journal?.begun(name);
    const detail = await perform(run, stage, name, earlier);
    await run.journal?.done(name, detail);
    tell('done', detail);
  } catch (error) {
    tell('failed', error instanceof Error ? error.message : String(error));
    throw error instanceof UpgradeError || error instanceof SwitchError ? error : failure(run, stage, error);
  }
}

async function perform(
  run: UpgradeRun,
  stage: Stage,
  name: string,
  earlier: JournalContents | undefined,
): Promise<string> {
  switch (stage.kind) {
    case 'restart': {
      const upgrade = await restartNode(run, run.node(stage.node), earlier?.restarts.get(name), {
        begun: async (memory) => {
          run.recall(stage);
          await run.journal?.begun(name, memory);
        },
        ended: async () => run.journal?.commandEnded(name),
      });
      run.upgrades.push(upgrade);
      const resync = upgrade.resync === undefined ? 'in step' : `${upgrade.resync} resync`;
      return `${upgrade.before} → ${upgrade.after}, ${resync}`;
    }
    case 'switch':
      return makePrimary(run, stage.node);
    case 'leave':
      return left(run, run.node(stage.node));
    case 'rest':
      await run.delay(stage.ms);
      return 'all goes on';
    case 'prove':
      return prove(run);
  }
}

async function prove(run: UpgradeRun): Promise<string> {
  const primary = await run.primary.look();
  if (primary.replication.role !== 'primary') throw new Error(`${run.primary.name} is not primary any more`);
  const looks = [primary];
  for (const node of run.replicas) {
    const look = await node.look();
    await inStep(run, node, look.version);
    if (look.counters.unexpectedErrorReplies > 0) {
      const what = `${look.counters.unexpectedErrorReplies} commands of its primary`;
      run.warn(`${node.name} could not execute ${what}: its data may differ, a switch to it is not safe`);
    }
    looks.push(look);
  }
  const wrong = looks.find(({ version }) => !isExpected(run, version));
  if (wrong !== undefined) throw new Error(`a node is ${versionText(wrong.version)}, not ${run.plan.expect}`);
  return `${[...new Set(looks.map(({ version }) => versionText(version)))].join(' and ')}, all nodes in step`;
}

/** An error that is not typed, in words of what it means for the pair. */
function failure(run: UpgradeRun, stage: Stage, error: unknown): UpgradeError {
  const reason = `${stageName(stage)}: ${error instanceof Error ? error.message : String(error)}`;
  const code: UpgradeErrorCode = run.hasSwitched
    ? 'SEGUE_UPGRADE_UNPROVEN'
    : run.hasRestarted
      ? 'SEGUE_UPGRADE_STOPPED'
      : 'SEGUE_UPGRADE_GIVEN_UP';
  return new UpgradeError(code, reason, error);
}
