import { sentinelOrders } from '../sentinel/index.js';
import { readClients } from '../survey/client-facts.js';
import { sentinelIdsOf } from '../survey/client-survey.js';
import { isReached, takeSurvey } from '../survey/index.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';
import { messageOf } from './insist.js';

/**
 * Who watches the pair and is to be told. Whoever has looked already says so in the options; else Sentinels are looked for
 * where URLs of them are given, or connections of theirs are seen at the primary. What cannot be found out is a note.
 */
export async function findSentinels(run: SwitchRun): Promise<void> {
  const { sentinels = true, sentinelUrls = [] } = run.options;
  if (typeof sentinels !== 'boolean') run.sentinelOrders = sentinels;
  if (sentinels !== true) return;
  try {
    const isWatched = sentinelUrls.length > 0 || (await areSeenAt(run.from));
    if (isWatched) await look(run);
  } catch (error) {
    run.notes.push(`Sentinels, if there are any, will not be told: ${messageOf(error)}`);
  }
}

async function areSeenAt(node: SwitchNode): Promise<boolean> {
  return sentinelIdsOf(readClients(String(await node.ask('CLIENT', 'LIST')))).length > 0;
}

async function look(run: SwitchRun): Promise<void> {
  const { nodes, sentinels } = await takeSurvey(run.pairAccess, run.io);
  const [from, to] = [run.from, run.to].map(({ name }) =>
    nodes.filter(isReached).find((one) => one.names.includes(name)),
  );
  if (from !== undefined && to !== undefined) run.sentinelOrders = sentinelOrders(sentinels, from, to);
  for (const one of sentinels) if (!one.reachable) run.notes.push(`a Sentinel will not be told: ${one.reason}`);
}
