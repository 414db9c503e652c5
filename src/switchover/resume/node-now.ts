import { ReplyError } from '../../resp/index.js';
import { readReplication } from '../survey/replication-facts.js';
import type { SwitchNode } from '../switch-node.js';

/** What a node says of itself when a switch is resumed. */
export interface NodeNow {
  readonly role: 'primary' | 'replica';
  /** Whom a replica follows, as it calls it; undefined for a primary. */
  readonly follows: string | undefined;
  readonly linkUp: boolean;
  /** Another server process than at the time of the plan. */
  readonly restarted: boolean;
  readonly replid: string | undefined;
  /** The history before, and the first position that is not of it. */
  readonly replid2: string | undefined;
  readonly secondOffset: number | undefined;
  /** What the ticket in its data says; `unknown` where it cannot be read. */
  readonly ticket: 'promoted' | 'armed' | 'none' | 'unknown';
  readonly hasData: boolean;
  readonly failover: string;
  readonly hasFile: boolean;
}

export async function nodeNow(node: SwitchNode, key: string, plannedRunId: string | undefined): Promise<NodeNow> {
  const [server, keyspace, [replication, ticket]] = await Promise.all([
    node.info('server'),
    node.info('keyspace'),
    node.askAll([
      ['INFO', 'replication'],
      ['GET', key],
    ]),
  ]);
  const facts = readReplication(String(replication), false);
  if (facts === undefined) throw new Error(`${node.name} is no server with data: it names no role`);
  const { role, link, replid, replid2, secondOffset, failover } = facts;
  return {
    role,
    follows: link?.primary,
    linkUp: link?.up === true,
    restarted: plannedRunId !== undefined && server.get('run_id') !== plannedRunId,
    replid,
    replid2,
    secondOffset,
    ticket: ticket instanceof ReplyError ? 'unknown' : ticket === 'promoted' || ticket === 'armed' ? ticket : 'none',
    hasData: keyspace.size > 0,
    failover,
    hasFile: (server.get('config_file') ?? '') !== '',
  };
}
