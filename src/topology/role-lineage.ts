import type { Report } from './replication-report.js';
import type { Draft } from './watch-draft.js';
import { nodeAt } from './watch-nodes.js';
import type { NodeState } from './watch-state.js';

/**
 * ROLE, unlike INFO, tells no replication ids. So that the rules for ids hold for it too, ids are made up from what is
 * seen on one connection: a replica has the id of the node it follows; when it becomes primary, it gets a new one whose
 * parent is that. What happened before the connection is unknown, so a restarted node descends from nobody.
 */
export function withMadeUpIds(draft: Draft, node: NodeState, report: Report): Report {
  if (report.replid !== undefined) return report;
  const earlier = node.report;
  if (report.role === 'replica') {
    const upstream = report.upstream && nodeAt(draft, report.upstream);
    const followed = report.upstream?.linkUp ? upstream?.report?.replid : undefined;
    return { ...report, replid: followed ?? earlier?.replid, parent: undefined };
  }
  if (earlier?.role === 'primary') return { ...report, replid: earlier.replid, parent: earlier.parent };
  return { ...report, replid: `role:${node.key}:${++draft.seq}`, parent: earlier?.replid };
}
