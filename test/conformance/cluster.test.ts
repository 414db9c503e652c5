import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabServer, startServer } from '../../src/lab/servers/index.js';
import { waitFor } from '../../src/lab/wait-for.js';
import { throughNode } from './kit/node-door.js';
import { type Place, Talker } from './kit/talker.js';

/** A cluster of one shard: a replica that answers `-MOVED slot` where a slot decides, and knows no better where none does. */
describe.each(['redis-7.0', 'valkey-9.1'] as const)('a cluster-mode replica of %s', (version) => {
  let primary: LabServer;
  let replica: LabServer;
  const doors: (Place & { close(): Promise<void> })[] = [];

  beforeAll(async () => {
    const args = ['--cluster-enabled', 'yes'];
    [primary, replica] = await Promise.all([startServer({ version, args }), startServer({ version, args })]);
    await primary.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await replica.cli('CLUSTER', 'MEET', primary.host, primary.port);
    const id = String(await primary.cli('CLUSTER', 'MYID'));
    const replicate = () => replica.cli('CLUSTER', 'REPLICATE', id);
    await waitFor(replicate, {
      deadlineMs: 20_000,
      what: 'the replica to know its primary',
      until: (ok) => ok === 'OK',
    });
    const state = async () => String(await replica.cli('CLUSTER', 'INFO')).includes('cluster_state:ok');
    await waitFor(state, { deadlineMs: 20_000, what: 'the cluster to be well' });
    const up = async () => (await replica.info('replication')).master_link_status === 'up';
    await waitFor(up, { deadlineMs: 20_000, what: 'the replica to be in step' });
    doors.push(await throughNode({ reply: 'moved' })(replica), await throughNode()(replica));
  });
  afterAll(async () => {
    await Promise.all(doors.map((door) => door.close()));
    await Promise.all([primary?.stop(), replica?.stop()]);
  });

  async function say(door: Place, ...lines: readonly string[]): Promise<string[]> {
    const talker = new Talker(door);
    const replies: string[] = [];
    for (const line of lines) replies.push(await talker.ask(...line.split(' ')));
    talker.close();
    return replies;
  }

  it('names its own primary with slot -1 where there is no slot', async () => {
    const own = `-MOVED -1 ${primary.address}`;
    const slot = `-MOVED 7629 ${primary.address}`;
    expect(await say(doors[0]!, 'DBSIZE', 'FLUSHALL', 'KEYS *', 'GET k', 'SET k v', 'PING')).toEqual([
      own,
      own,
      own,
      slot,
      slot,
      '+PONG',
    ]);
    expect(await say(doors[0]!, 'READONLY', 'DBSIZE', 'GET k', 'SET k v', 'FLUSHALL')).toEqual([
      '+OK',
      ':0',
      '$-1',
      slot,
      own,
    ]);
  });

  it('is left as it is otherwise', async () => {
    const slot = `-MOVED 7629 ${primary.address}`;
    expect(await say(doors[1]!, 'CLIENT CAPA redirect', 'DBSIZE', 'GET k', 'FLUSHALL')).toEqual([
      '+OK',
      ':0',
      slot,
      "-READONLY You can't write against a read only replica.",
    ]);
  });
});
