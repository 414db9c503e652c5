import type { ClientSurvey, LostNode, ReachedNode, Survey } from '../../../../src/switchover/survey/index.js';

export function client(changes: Partial<ClientSurvey> = {}): ClientSurvey {
  return {
    id: 1,
    addr: '10.1.0.1:5000',
    name: '',
    libName: 'ioredis',
    libVersion: '6.0.0',
    user: 'default',
    db: 0,
    command: 'get',
    flags: 'N',
    capa: 'r',
    subscriptions: 0,
    idleSeconds: 0,
    queued: undefined,
    outputBytes: 0,
    role: 'application',
    follows: 'yes',
    why: 'follows a redirect',
    ...changes,
  };
}

/** Only what the views look at is filled in. */
export function node(changes: Partial<ReachedNode> = {}): ReachedNode {
  return {
    reachable: true,
    name: '10.0.0.1:6379',
    url: 'valkey://10.0.0.1:6379',
    role: 'primary',
    family: 'valkey',
    version: '9.1.2',
    mode: 'standalone',
    uptimeSeconds: 60,
    runId: 'r1',
    replid: 'id',
    offset: 1_234_567,
    link: undefined,
    replicas: [],
    failover: 'no-failover',
    loading: undefined,
    paused: undefined,
    lagBytes: undefined,
    lagSeconds: undefined,
    backlog: { active: true, sizeBytes: 1, heldBytes: 1, firstOffset: 1 },
    clients: [],
    counters: { errors: new Map() },
    ...changes,
  } as ReachedNode;
}

export function replica(changes: Partial<ReachedNode> = {}): ReachedNode {
  const link = {
    host: '10.0.0.1',
    port: 6379,
    primary: '10.0.0.1:6379',
    up: true,
    downSeconds: undefined,
    idleSeconds: 0,
    syncing: false,
  };
  return node({ name: '10.0.0.2:6379', role: 'replica', lagBytes: 0, lagSeconds: 0, link, ...changes });
}

export function lost(changes: Partial<LostNode> = {}): LostNode {
  return {
    reachable: false,
    name: '10.0.0.3:6379',
    url: 'valkey://10.0.0.3:6379',
    names: [],
    why: 'refused',
    reason: '10.0.0.3:6379: refused',
    ...changes,
  };
}

export function survey(changes: Partial<Survey> = {}): Survey {
  const nodes = changes.nodes ?? [node(), replica()];
  const primary = nodes.find((one): one is ReachedNode => one.reachable && one.role === 'primary');
  return { takenAt: new Date('2026-11-23T04:00:00Z'), primary, nodes, sentinels: [], trouble: undefined, ...changes };
}
