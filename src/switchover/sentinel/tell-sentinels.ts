import { formatAddress, parseAddress } from '../../transport/index.js';
import type { ReachedNode } from '../survey/node-survey.js';
import { type AccessIo, Doorway, type PairAccess } from '../survey/pair-access.js';
import { encodeHello, helloChannel } from './hello.js';
import type { SentinelSurvey } from './sentinel-survey.js';
import { SentinelVisit } from './sentinel-visit.js';

/** What one Sentinel is to be told. Plain data without secrets, fit for a journal. */
export interface SentinelOrder {
  /** `host:port` of the Sentinel. */
  readonly sentinel: string;
  readonly vouched: boolean;
  readonly service: string;
  /** The primaries as this Sentinel calls them, `host:port`. */
  readonly from: string;
  readonly to: string;
}

export type SentinelOutcome =
  /** It was told, and says so. */
  | 'told'
  /** It had the new primary already, from a peer or an earlier attempt. */
  | 'knew'
  | 'failed';

export interface SentinelReport extends SentinelOrder {
  readonly outcome: SentinelOutcome;
  /** Why it failed, or what follows. */
  readonly note: string | undefined;
}

/** Who must be told of a switch; made before it, so that it can be journaled. */
export function sentinelOrders(
  sentinels: readonly SentinelSurvey[],
  from: ReachedNode,
  to: ReachedNode,
): SentinelOrder[] {
  return sentinels.flatMap((sentinel) => {
    if (!sentinel.reachable) return [];
    return sentinel.watches.map(({ service, primary, replicas }) => ({
      sentinel: sentinel.name,
      vouched: sentinel.vouched,
      service,
      from: primary === '' ? from.name : primary,
      // As it knows the node itself; else as the pair does.
      to: replicas.find(({ runId }) => runId === to.runId)?.name ?? to.announced ?? to.name,
    }));
  });
}

/** The way back: orders that make the Sentinels return to the old primary. */
export function reversed(orders: readonly SentinelOrder[]): SentinelOrder[] {
  return orders.map((order) => ({ ...order, from: order.to, to: order.from }));
}

/**
 * Makes Sentinels take `to` for the primary at once, as if a peer had told them of a failover: settings, passwords and peers
 * stay as they are, `+switch-master` is published to their clients, and no client is disconnected. To be done right after a
 * promotion: untold they begin a failover of their own, 20 s and `down-after-milliseconds` later, and may promote another
 * replica. May be repeated. Rejects with OptionError for an access that cannot be used, and for nothing else.
 */
export async function tellSentinels(
  orders: readonly SentinelOrder[],
  access: PairAccess,
  io: AccessIo = {},
): Promise<SentinelReport[]> {
  const doorway = new Doorway(access, io);
  const visits = new Map(orders.map((order) => [order.sentinel, openVisit(order, doorway)]));
  try {
    const known = await Promise.all(
      orders.map((order) => visits.get(order.sentinel)!.primaryOf(order.service).catch(noteOf)),
    );
    // One epoch for all, newer than any of theirs.
    const epochs = known.flatMap((one) => (one === undefined || typeof one === 'string' ? [] : [one.configEpoch]));
    const epoch = Math.max(0, ...epochs) + 1;
    return await Promise.all(
      orders.map(async (order, at) => {
        const state = known[at];
        if (typeof state === 'string') return { ...order, outcome: 'failed' as const, note: state };
        if (state === undefined)
          return { ...order, outcome: 'failed' as const, note: `it watches no ${order.service}` };
        if (state.primary === order.to) return { ...order, outcome: 'knew' as const, note: undefined };
        return tellOne(visits.get(order.sentinel)!, order, epoch).catch((error: unknown) => {
          return { ...order, outcome: 'failed' as const, note: noteOf(error) };
        });
      }),
    );
  } finally {
    for (const visit of visits.values()) visit.close();
  }
}

async function tellOne(visit: SentinelVisit, order: SentinelOrder, epoch: number): Promise<SentinelReport> {
  const { service } = order;
  const to = parseAddress(order.to);
  if (to?.kind !== 'tcp') throw new Error(`${order.to} is no address for a Sentinel`);
  const peers = await visit.peers(service);
  const peer = peers
    .map(({ name, id }) => ({ address: parseAddress(name), id }))
    .find(({ address }) => address !== undefined);
  const speaker = peer?.address?.kind === 'tcp' ? { ...peer.address, id: peer.id } : invented;
  const hello = {
    host: speaker.host,
    port: speaker.port,
    id: speaker.id,
    epoch,
    service,
    primaryHost: to.host,
    primaryPort: to.port,
    configEpoch: epoch,
  };
  await visit.ask('PUBLISH', helloChannel, encodeHello(hello));
  // A Sentinel without peers now has one that does not exist: it must forget it, or it will wait for its vote.
  if (speaker === invented) await visit.ask('SENTINEL', 'RESET', service);
  const after = await visit.primaryOf(service);
  if (after?.primary !== order.to) throw new Error(`it still takes ${after?.primary ?? 'nobody'} for the primary`);
  const note = speaker === invented ? 'it finds the replicas again within 10 s' : undefined;
  return { ...order, outcome: 'told', note };
}

/** Who speaks to a Sentinel that has no peers. */
const invented = { host: '127.0.0.1', port: 0, id: '5e60e'.padEnd(40, '0') };

function openVisit({ sentinel, vouched }: SentinelOrder, doorway: Doorway): SentinelVisit {
  const given = doorway.sentinels.find(({ address }) => formatAddress(address) === sentinel);
  const like = given ?? (vouched ? doorway.sentinels[0] : undefined) ?? { tls: doorway.tls };
  return new SentinelVisit({ ...like, address: parseAddress(sentinel)! }, doorway);
}

function noteOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
