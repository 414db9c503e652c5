import { formatAddress } from '../../transport/index.js';
import { errorCounts } from '../error-counts.js';
import { FENCE_LAG_MAX_S } from '../fence.js';
import { type ReplicationFacts, readReplication } from '../survey/replication-facts.js';
import type { SwitchNode } from '../switch-node.js';
import type { SwitchRun } from '../switch-run.js';
import { findSentinels } from './find-sentinels.js';
import type { Step } from './step.js';

interface Seen {
  readonly node: SwitchNode;
  readonly server: ReadonlyMap<string, string>;
  readonly isReadOnly: boolean;
  readonly facts: ReplicationFacts;
}

/** Same replication history and a running stream: more than that the fence and the offsets will show. */
export const check: Step = {
  name: 'check',
  phase: 'untouched',
  async run(run) {
    const [primary, ...replicas] = await Promise.all(run.nodes.map(look));
    checkPrimary(primary!);
    for (const replica of replicas) checkReplica(replica, primary!);
    for (const { node, server } of [primary!, ...replicas]) {
      const mode = server.get('redis_mode') ?? server.get('server_mode') ?? 'standalone';
      if (mode !== 'standalone') throw new Error(`${node.name} is in ${mode} mode`);
    }
    await Promise.all([primary!, ...replicas].map((seen) => learn(run, seen)));
    run.syncsBefore = await run.syncs();
    const { replicas: attached } = primary!.facts;
    await findSentinels(run);
    await run.fence.measure(run.from, attached.length, run.facts.get(run.from)!.hasFile);
  },
};

async function look(node: SwitchNode): Promise<Seen> {
  const [server, text] = await Promise.all([node.info('server'), node.ask('INFO', 'replication')]);
  const facts = readReplication(String(text), false);
  if (facts === undefined) throw new Error(`${node.name} is no server with data: it names no role`);
  return { node, server, facts, isReadOnly: !String(text).includes('slave_read_only:0') };
}

function checkPrimary({ node, facts }: Seen): void {
  if (facts.role !== 'primary') throw new Error(`${node.name} is not a primary`);
  if (facts.failover !== 'no-failover') throw new Error(`${node.name} is in a failover (${facts.failover})`);
  for (const { name, state, lagSeconds = 0 } of facts.replicas) {
    // The fence counts replicas: one that comes and goes would open it.
    if (state !== 'online') throw new Error(`${name}, a replica of ${node.name}, is not online but in ${state}`);
    if (lagSeconds >= FENCE_LAG_MAX_S) throw new Error(`${name} has not been heard of for ${lagSeconds} s`);
  }
}

function checkReplica({ node, facts, isReadOnly }: Seen, primary: Seen): void {
  if (facts.role !== 'replica') throw new Error(`${node.name} is not a replica`);
  if (facts.link?.up === false) throw new Error(`${node.name}: its link is down`);
  if (facts.replid !== primary.facts.replid) throw new Error(`${node.name} does not follow ${primary.node.name}`);
  if (!isReadOnly) throw new Error(`${node.name} takes writes although it is a replica: set replica-read-only to yes`);
}

async function learn(run: SwitchRun, { node, server, facts }: Seen): Promise<void> {
  run.facts.set(node, {
    replid: facts.replid ?? '',
    offset: facts.offset,
    runId: server.get('run_id'),
    hasFile: (server.get('config_file') ?? '') !== '',
    listedAs: facts.replicas[0],
    upstream: facts.link && formatAddress({ kind: 'tcp', ...facts.link }),
    errors: await errorCounts(node),
  });
}
