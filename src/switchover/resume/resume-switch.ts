import { formatAddress, parseNodeUrl } from '../../transport/index.js';
import { errorCounts } from '../error-counts.js';
import { Journal, type JournalContents, readJournal } from '../journal/journal.js';
import type { PlannedNode, SwitchPlan } from '../journal/plan.js';
import { stepsAfterPromotion } from '../steps/index.js';
import { insist, insistPollMs, messageOf } from '../steps/insist.js';
import { rewriteConfig } from '../steps/restore.js';
import { SwitchError } from '../switch-error.js';
import { endEarlierOperators } from '../switch-lock.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchAccess } from '../switch-options.js';
import type { SwitchReport } from '../switch-report.js';
import { type SwitchIo, SwitchRun } from '../switch-run.js';
import { undo } from '../undo.js';
import { Walk } from '../walk.js';
import { type Decision, decide } from './decide.js';
import { type NodeNow, nodeNow } from './node-now.js';

export interface ResumeAccess extends SwitchAccess {
  /** URLs of nodes of the pair: for those that need a user or password of their own. */
  nodes?: readonly string[];
}

export interface ResumeReport {
  /** `nothing`: there was no switch to resume. */
  readonly outcome: 'finished' | 'undone' | 'nothing';
  readonly because: string;
  /** Undefined when there was nothing. */
  readonly report: SwitchReport | undefined;
}

/**
 * Ends a switch that was broken off, whatever killed it: asks the nodes what is the case, and finishes when the promotion
 * has happened, or undoes it all. May be called again. Waits `finishTimeoutMs` for nodes that are being restarted. Rejects
 * with SEGUE_SWITCH_JOURNAL, with SEGUE_SWITCH_BUSY while the operator lives, or with SEGUE_SWITCH_UNKNOWN when a node cannot
 * be asked or only a person can know.
 */
export async function resumeSwitch(
  journalPath: string,
  access: ResumeAccess = {},
  io: SwitchIo = {},
): Promise<ResumeReport> {
  const contents = await readJournal(journalPath);
  if (contents === undefined) return nothing('the journal tells of no switch');
  if (contents.outcome !== undefined) return nothing(`the switch ${contents.plan.id} was ended: ${contents.outcome}`);
  const run = runOf(contents.plan, access, io);
  const walk = new Walk(run);
  try {
    await reach(run);
    await takeLock(run);
    run.journal = await Journal.resume(journalPath);
    return await carryOut(run, walk, contents);
  } finally {
    walk.tell();
    await run.close();
  }
}

function nothing(because: string): ResumeReport {
  return { outcome: 'nothing', because, report: undefined };
}

function runOf(plan: SwitchPlan, { nodes = [], ...access }: ResumeAccess, io: SwitchIo): SwitchRun {
  const given = new Map(nodes.map((url) => [formatAddress(parseNodeUrl(url).address), url]));
  const urlOf = ({ name, tls }: PlannedNode): string => given.get(name) ?? `${tls ? 'valkeys' : 'valkey'}://${name}`;
  const { method, notice } = plan;
  const options = { from: urlOf(plan.from), to: urlOf(plan.to), others: plan.others.map(urlOf), method, notice };
  const toKnownAs = plan.to.knownAs === undefined ? {} : { toKnownAs: plan.to.knownAs };
  const run = new SwitchRun({ ...access, ...options, ...toKnownAs }, io, plan.id);
  run.fence.adopt(plan.fence);
  run.ticket.adopt();
  run.sentinelOrders = plan.sentinels;
  if (notice) run.sessions.adopt();
  return run;
}

/** Both nodes of the switch must answer; what the others do will be seen. */
async function reach(run: SwitchRun): Promise<void> {
  await untilAnswered(run, () => Promise.all([run.from, run.to].map(checkLoaded)));
  await Promise.all(run.others.map((node) => node.connect().catch(() => {})));
}

/** A server that loads its data says nothing yet that could be relied on. */
async function checkLoaded(node: SwitchNode): Promise<void> {
  const info = await node.info('persistence');
  if (info.get('loading') === '1') throw new Error(`${node.name} is loading its data`);
}

/** Asks both nodes, over new connections if need be, until they have answered: one of them may just be starting. */
async function untilAnswered<T>(run: SwitchRun, ask: () => Promise<T>): Promise<T> {
  const deadline = run.clock.now() + run.limits.finishTimeoutMs;
  for (;;) {
    try {
      await Promise.all([run.from, run.to].map((node) => (node.connected ? undefined : node.connect())));
      return await ask();
    } catch (error) {
      if (error instanceof SwitchError) throw error;
      if (run.clock.now() >= deadline) {
        throw unknown(run, `${messageOf(error)}; when both nodes answer, resume again`, error);
      }
      await run.delay(insistPollMs);
    }
  }
}

/** A dead operator's connections may take a moment to end. */
async function takeLock(run: SwitchRun): Promise<void> {
  const deadline = run.clock.now() + run.limits.nodeTimeoutMs;
  for (;;) {
    try {
      return await run.lock.take(run.nodes.filter((node) => node.connected));
    } catch (error) {
      run.lock.release();
      const isBusy = error instanceof SwitchError && error.code === 'SEGUE_SWITCH_BUSY';
      if (!isBusy) throw unknown(run, messageOf(error), error);
      if (run.clock.now() >= deadline) throw error;
      await run.delay(insistPollMs);
    }
  }
}

async function carryOut(run: SwitchRun, walk: Walk, { plan }: JournalContents): Promise<ResumeReport> {
  await untilAnswered(run, () => Promise.all([run.from, run.to].map(endEarlierOperators)));
  const [from, to] = await untilAnswered(run, () => look(run, plan));
  const decision = decide(plan, from, to);
  await untilAnswered(run, () => learn(run, plan, from, to));
  switch (decision.kind) {
    case 'leave':
      throw unknown(run, decision.because);
    case 'undo':
    case 'take-back':
      return takeBack(run, plan, decision);
    default:
      return finish(run, walk, decision, from);
  }
}

/** A native failover that is still under way is ended first, if the replica has not taken over. */
async function look(run: SwitchRun, plan: SwitchPlan): Promise<[NodeNow, NodeNow]> {
  const both = (): Promise<[NodeNow, NodeNow]> =>
    Promise.all([nodeNow(run.from, run.ticket.key, plan.from.runId), nodeNow(run.to, run.ticket.key, plan.to.runId)]);
  const [from, to] = await both();
  if (from.failover === 'no-failover' || to.role === 'primary') return [from, to];
  await run.from.askAll([['FAILOVER', 'ABORT']]);
  return both();
}

/** What the steps would have learnt in an unbroken switch. */
async function learn(run: SwitchRun, plan: SwitchPlan, from: NodeNow, to: NodeNow): Promise<void> {
  const common = { offset: plan.offset, upstream: plan.from.knownAs, listedAs: undefined };
  const replid = to.restarted ? '' : plan.replid;
  for (const [node, now, { runId }] of [[run.from, from, plan.from] as const, [run.to, to, plan.to] as const]) {
    run.facts.set(node, { ...common, replid, runId, hasFile: now.hasFile, errors: await errorCounts(node) });
  }
  for (const node of run.others.filter(({ connected }) => connected)) {
    const hasFile = ((await node.info('server')).get('config_file') ?? '') !== '';
    run.facts.set(node, { ...common, replid, runId: undefined, hasFile, errors: await errorCounts(node) });
  }
  if (to.replid2 === plan.replid && to.secondOffset !== undefined) run.offset = to.secondOffset - 1;
}

async function finish(run: SwitchRun, walk: Walk, { kind, because }: Decision, from: NodeNow): Promise<ResumeReport> {
  if (kind === 'promote-again') await insist(run, run.to, [['REPLICAOF', 'NO', 'ONE']]);
  run.promotedAt = run.clock.now();
  await untilAnswered(run, () => run.to.askAll(run.sessions.releaseOrders('switched')));
  for (const step of stepsAfterPromotion) {
    if (step.name === 'demote' && from.role === 'replica' && kind === 'finish') continue;
    const failure = await walk.take(step);
    if (failure === undefined) continue;
    const reason = failure instanceof SwitchError ? failure.reason : failure.message;
    throw unknown(
      run,
      `${run.to.name} is primary, and ${run.from.name} did not become its replica: ${reason}`,
      failure,
    );
  }
  return { outcome: 'finished', because, report: await walk.end() };
}

async function takeBack(run: SwitchRun, plan: SwitchPlan, { kind, because }: Decision): Promise<ResumeReport> {
  if (kind === 'take-back') {
    const name = plan.from.knownAs ?? plan.from.name;
    const colon = name.lastIndexOf(':');
    await insist(run, run.from, [['REPLICAOF', 'NO', 'ONE']]);
    await insist(run, run.to, [['REPLICAOF', name.slice(0, colon), name.slice(colon + 1)]]);
    await rewriteConfig(run, run.to);
  }
  const left = await undo(run, run.limits.finishTimeoutMs);
  if (left !== undefined)
    throw unknown(run, `${run.to.name} is not promoted, but not everything could be undone: ${left}`);
  if (kind === 'take-back') await rewriteConfig(run, run.from);
  await proveUndone(run);
  await run.journal?.done('undone');
  return { outcome: 'undone', because, report: run.report() };
}

async function proveUndone(run: SwitchRun): Promise<void> {
  const deadline = run.clock.now() + run.limits.proofTimeoutMs;
  for (;;) {
    const [from, to] = await untilAnswered(run, () => Promise.all([run.from.role(), run.to.role()]));
    if (from.role === 'primary' && to.following?.connected === true && to.offset >= from.offset) return;
    if (run.clock.now() >= deadline) {
      const reason = `undone, but ${run.to.name} does not follow ${run.from.name} yet`;
      throw new SwitchError('SEGUE_SWITCH_UNPROVEN', reason, run.report());
    }
    await run.delay(insistPollMs);
  }
}

function unknown(run: SwitchRun, reason: string, cause?: unknown): SwitchError {
  return new SwitchError('SEGUE_SWITCH_UNKNOWN', reason, run.report(), cause);
}
