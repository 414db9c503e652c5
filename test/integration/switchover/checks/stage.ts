import { LabClient, type LabPair, type LabServer, startPair, startServer } from '../../../../src/lab/servers/index.js';
import { waitFor } from '../../../../src/lab/wait-for.js';
import type { Reply } from '../../../../src/resp/index.js';

/** The pairs on which faults are made. Each is started when it is first needed, and serves many faults. */
export interface Stage {
  readonly nodes: readonly LabServer[];
  /** The primary, the replica that is to become primary, and, in the trio, another replica. */
  readonly a: LabServer;
  readonly b: LabServer;
  readonly d: LabServer;
  stop(): Promise<void>;
}

export type StageName = keyof typeof builders;

const builders = {
  /** Valkey 9.1, three nodes alike. */
  trio: async () => stageOf(await startPair({ version: 'valkey-9.1', replicas: 2 })),
  /** Redis 7.0 and its replica, Valkey 9.1. */
  upgrade: async () => stageOf(await startPair({ versions: ['redis-7.0', 'valkey-9.1'] })),
  /** Valkey 9.1 and its replica, Redis 7.0: what is left when an upgrade was half done. */
  downgrade: startDowngrade,
  /** Started with different settings, and without configuration files. */
  odd: startOdd,
  encrypted: async () => stageOf(await startPair({ version: 'valkey-8.1', tls: true })),
  cluster: startCluster,
} satisfies Record<string, () => Promise<Stage>>;

const started = new Map<StageName, Promise<Stage>>();

export function stage(name: StageName): Promise<Stage> {
  let one = started.get(name);
  if (one === undefined) {
    one = builders[name]();
    started.set(name, one);
  }
  return one;
}

export async function stopStages(): Promise<void> {
  for (const one of started.values()) await one.then((built) => built.stop()).catch(() => {});
  started.clear();
}

function stageOf(pair: Pick<LabPair, 'nodes' | 'stop'>): Stage {
  const [a, b, d] = pair.nodes;
  return { nodes: pair.nodes, a: a!, b: b!, d: d ?? b!, stop: () => pair.stop() };
}

/** A switch by hand, idle, so that the old primary follows by partial resync although it could not take a copy. */
async function startDowngrade(): Promise<Stage> {
  const pair = await startPair({ versions: ['redis-7.0', 'valkey-9.1'] });
  const [old, next] = [pair.primary, pair.replica];
  await next.cli('REPLICAOF', 'NO', 'ONE');
  await old.follow(next);
  await waitFor(() => old.info('replication'), {
    deadlineMs: 10_000,
    what: 'the old primary to follow',
    until: ({ master_link_status }) => master_link_status === 'up',
  });
  return stageOf({ nodes: [next, old], stop: () => pair.stop() });
}

async function startOdd(): Promise<Stage> {
  const common = { version: 'valkey-9.1', configFile: false } as const;
  const a = await startServer({ ...common, args: ['--rename-command', 'FAILOVER', 'HANDOVER'] });
  const args = ['--databases', '4', '--enable-module-command', 'yes'];
  const b = await startServer({ ...common, replicaOf: a, args });
  return stageOf({ nodes: [a, b], stop: async () => void (await Promise.all([a.stop(), b.stop()])) });
}

async function startCluster(): Promise<Stage> {
  const options = { version: 'valkey-9.1', args: ['--cluster-enabled', 'yes'] } as const;
  const [a, b] = await Promise.all([startServer(options), startServer(options)]);
  const stop = async (): Promise<void> => void (await Promise.all([a.stop(), b.stop()]));
  await a.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await b.cli('CLUSTER', 'MEET', a.host, a.port);
  const id = String(await a.cli('CLUSTER', 'MYID'));
  const deadlineMs = 20_000;
  await waitFor(() => b.cli('CLUSTER', 'REPLICATE', id), { deadlineMs, what: 'the nodes to meet' });
  await waitFor(() => b.info('replication'), {
    deadlineMs,
    what: 'the replica to follow',
    until: ({ master_link_status }) => master_link_status === 'up',
  });
  return stageOf({ nodes: [a, b], stop });
}

/** A client of somebody's application. */
export async function connect(
  server: LabServer,
  user?: { readonly username: string; readonly password: string },
): Promise<LabClient> {
  const client = new LabClient({ host: server.host, port: server.port, ...user });
  await client.command('PING');
  return client;
}

export async function inSync({ a, nodes }: Stage): Promise<void> {
  await waitFor(() => a.info('replication'), {
    deadlineMs: 10_000,
    what: 'all replicas to be in step',
    until: (info) => {
      const offset = info.master_repl_offset;
      const listed = Object.entries(info).filter(([name]) => /^slave\d+$/.test(name));
      const inStep = listed.filter(([, text]) => text.includes('state=online') && text.includes(`offset=${offset}`));
      return inStep.length === nodes.length - 1;
    },
  });
}

export async function setConfig(server: LabServer, name: string, value: string): Promise<() => Promise<Reply>> {
  const before = ((await server.cli('CONFIG', 'GET', name)) as Reply[])[1];
  await server.cli('CONFIG', 'SET', name, value);
  return () => server.cli('CONFIG', 'SET', name, String(before));
}
