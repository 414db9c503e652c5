import { type LabServer, type ServerVersion, startServer } from '../../src/lab/servers/index.js';
import { waitFor } from '../../src/lab/wait-for.js';

const deadlineMs = 30_000;

/** A cluster of one shard: a primary with all slots and its replica. */
export async function startCluster(version: ServerVersion): Promise<[LabServer, LabServer]> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000'];
  const [primary, replica] = await Promise.all([startServer({ version, args }), startServer({ version, args })]);
  await primary.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await replica.cli('CLUSTER', 'MEET', primary.host, primary.port);
  const id = String(await primary.cli('CLUSTER', 'MYID'));
  const met = async (): Promise<boolean> =>
    String(await replica.cli('CLUSTER', 'NODES')).includes(id) &&
    String(await primary.cli('CLUSTER', 'INFO')).includes('cluster_known_nodes:2');
  await waitFor(met, { deadlineMs, what: 'the nodes of the cluster to meet' });
  await waitFor(() => replica.cli('CLUSTER', 'REPLICATE', id), { deadlineMs, what: 'the replica to know its primary' });
  const linked = async (): Promise<boolean> =>
    (await replica.info('replication')).master_link_status === 'up' &&
    String(await primary.cli('CLUSTER', 'INFO')).includes('cluster_state:ok') &&
    String(await replica.cli('CLUSTER', 'INFO')).includes('cluster_state:ok');
  await waitFor(linked, { deadlineMs, what: 'the cluster to be in order' });
  return [primary, replica];
}
