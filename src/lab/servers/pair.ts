import type { Reply } from '../../resp/index.js';
import { LabError } from '../lab-error.js';
import { waitFor } from '../wait-for.js';
import type { WantedVersion } from './find-server.js';
import { type LabServer, type ServerOptions, startServer } from './server.js';

export interface PairOptions extends Omit<ServerOptions, 'version' | 'replicaOf' | 'port'> {
  /** Of all nodes. */
  readonly version?: WantedVersion;
  /** Of each node, the primary first; the last one counts for all further replicas. */
  readonly versions?: readonly WantedVersion[];
  /** Default 1. */
  readonly replicas?: number;
  /** Until all replicas are in step, once the servers answer; default 20 s. */
  readonly syncTimeoutMs?: number;
}

/** A primary and its replicas. The names tell who began as what; a switch does not change them. */
export interface LabPair {
  readonly primary: LabServer;
  /** The first replica. */
  readonly replica: LabServer;
  /** All, the primary first. */
  readonly nodes: readonly LabServer[];
  stop(): Promise<void>;
}

const defaultSyncTimeoutMs = 20_000;

/** Starts a primary and its replicas; resolves when every replica is online and has all that the primary has. */
export async function startPair(options: PairOptions = {}): Promise<LabPair> {
  const { version = 'any', versions = [version], replicas = 1, syncTimeoutMs = defaultSyncTimeoutMs } = options;
  if (replicas < 1 || versions.length === 0) {
    throw new LabError('SEGUE_LAB_OPTIONS', 'a pair has at least one replica and one version');
  }
  const versionOf = (index: number): WantedVersion => versions[Math.min(index, versions.length - 1)]!;
  const nodes: LabServer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const primary = await startServer({ ...options, version: versionOf(0) });
    nodes.push(primary);
    for (let index = 1; index <= replicas; index += 1) {
      nodes.push(await startServer({ ...options, version: versionOf(index), replicaOf: primary }));
    }
    await waitForSync(primary, nodes.slice(1), syncTimeoutMs);
    return { primary, replica: nodes[1]!, nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Waits until `replicas` follow `primary` and have every byte that it had at the time of the call. "Link up" and "online"
 * are not enough: after a full sync the stream begins only with the replica's first acknowledgement. A PUBLISH is sent
 * down the stream as a mark (it changes no data).
 */
export async function waitForSync(
  primary: LabServer,
  replicas: readonly LabServer[],
  deadlineMs: number = defaultSyncTimeoutMs,
): Promise<void> {
  const count = replicas.length;
  await waitFor(() => onlineReplicas(primary), {
    deadlineMs,
    what: `${count} online replicas of ${primary.address}`,
    until: (online) => online >= count,
  });
  await primary.cli('PUBLISH', 'segue-lab:sync', 'mark');
  const target = (await replicationOf(primary)).offset;
  for (const replica of replicas) {
    await waitFor(() => replicationOf(replica), {
      deadlineMs,
      what: `${replica.address} to reach offset ${target} of ${primary.address}`,
      until: ({ role, state, port, offset }) =>
        role === 'slave' && state === 'connected' && port === primary.port && offset >= target,
    });
  }
}

async function onlineReplicas(primary: LabServer): Promise<number> {
  const info = await primary.info('replication');
  return Object.entries(info).filter(([name, value]) => /^slave\d+$/.test(name) && value.includes('state=online'))
    .length;
}

export interface ReplicationView {
  readonly role: string;
  /** Bytes of the replication stream that it has. */
  readonly offset: number;
  /** Of a replica: its link's state, `connected` when it is up, and its primary's port. */
  readonly state?: string;
  readonly port?: number;
}

/** ROLE in words. */
export async function replicationOf(server: LabServer): Promise<ReplicationView> {
  const reply = (await server.cli('ROLE')) as Reply[];
  if (reply[0] === 'master') return { role: 'master', offset: Number(reply[1]) };
  return { role: String(reply[0]), port: Number(reply[2]), state: String(reply[3]), offset: Number(reply[4]) };
}
