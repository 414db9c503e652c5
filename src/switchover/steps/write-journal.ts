import { Journal } from '../journal/journal.js';
import type { PlannedNode, SwitchPlan } from '../journal/plan.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';
import type { Step } from './step.js';

/** The one write to disk that must come first: all that is irreversible follows, and so do the clients who wait. */
export const writeJournal: Step = {
  name: 'journal',
  phase: 'untouched',
  async run(run) {
    const { journalPath } = run.options;
    if (journalPath !== undefined) run.journal = await Journal.begin(journalPath, planOf(run));
  },
};

function planOf(run: SwitchRun): SwitchPlan {
  const { replid, offset } = run.facts.get(run.from)!;
  const { upstream } = run.facts.get(run.to)!;
  const { toKnownAs } = run.options;
  const { planned } = run.fence;
  return {
    id: run.id,
    method: run.options.method ?? 'manual',
    from: plannedNode(run, run.from, upstream),
    to: plannedNode(run, run.to, toKnownAs),
    others: run.others.map((node) => plannedNode(run, node)),
    sentinels: [...run.sentinelOrders],
    replid,
    offset,
    ...(planned === undefined
      ? {}
      : { fence: { settings: [...planned.settings], transient: [...planned.transient], inFile: planned.inFile } }),
    notice: run.options.notice ?? true,
  };
}

function plannedNode(run: SwitchRun, node: SwitchNode, knownAs?: string): PlannedNode {
  const runId = run.facts.get(node)?.runId;
  return {
    name: node.name,
    tls: node.tls,
    ...(knownAs === undefined ? {} : { knownAs }),
    ...(runId === undefined ? {} : { runId }),
  };
}
