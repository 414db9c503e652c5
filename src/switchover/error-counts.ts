import { readCounters } from './survey/counters.js';
import type { SwitchNode } from './switch-node.js';
import type { ErrorCounts } from './switch-report.js';

/** Since the start of the server. */
export async function errorCounts(node: SwitchNode): Promise<ErrorCounts> {
  const sections = await Promise.all(['stats', 'errorstats', 'commandstats'].map((section) => node.info(section)));
  const { errors, commands, unexpectedErrorReplies } = readCounters(new Map(sections.flatMap((info) => [...info])));
  return {
    replies: Object.fromEntries(errors),
    rejectedCalls: [...commands.values()].reduce((sum, { rejected }) => sum + rejected, 0),
    unexpected: unexpectedErrorReplies,
  };
}
