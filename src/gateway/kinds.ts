import { DIALS_MAX, noticeOptions, readOptions, sessionOptions, topologyBounds } from '../doors/options.js';
import { Pair, type SegueEvent } from '../doors/pair.js';
import type { SessionEvent } from '../session/index.js';
import { FollowKind, type FollowOptions } from './follow.js';
import type {
  FollowListenerOptions,
  GatewayOptions,
  ListenerOptions,
  NodeListenerOptions,
  ReplicaListenerOptions,
} from './gateway-options.js';
import type { Limits } from './limits.js';
import type { ListenerKind } from './listener.js';
import { NodeKind } from './node/index.js';
import { Policy } from './policy.js';
import { ReplicaKind } from './replica.js';

/** What a kind needs of the listener that it serves. */
export interface KindHost {
  limits(): Limits;
  /** A guarded command was not let through. */
  refused(command: string): void;
  onSession(event: SessionEvent): void;
}

/** The one place that knows all kinds. @throws OptionError */
export function makeKind(options: ListenerOptions, gateway: GatewayOptions, host: KindHost): ListenerKind {
  switch (options.kind) {
    case 'node':
      return makeNode(options, gateway, host);
    case 'replica':
      return makeReplica(options, gateway, host);
    default:
      return new FollowKind(followOptions(options, gateway, host));
  }
}

function makeReplica(options: ReplicaListenerOptions, gateway: GatewayOptions, host: KindHost): ReplicaKind {
  const { lagMaxMs } = options;
  const session = { ...gateway.session, ...(lagMaxMs === undefined ? {} : { replicaLagMaxMs: lagMaxMs }) };
  const own = followOptions(options, { ...gateway, session }, host);
  return new ReplicaKind({ ...own, lagMaxMs: readOptions(session).replicaLagMaxMs });
}

function followOptions(
  options: FollowListenerOptions | ReplicaListenerOptions,
  gateway: GatewayOptions,
  host: KindHost,
): FollowOptions {
  return {
    pair: pairOf(gateway),
    session: sessionOptions(gateway.session ?? {}),
    policy: new Policy(options.allow ?? [], (command) => host.refused(command)),
    share: options.kind !== 'replica' && (options.share ?? true),
    loginRequired: options.loginRequired ?? false,
    limits: () => host.limits(),
    onEvent: (event) => host.onSession(event),
  };
}

function makeNode(options: NodeListenerOptions, gateway: GatewayOptions, host: KindHost): NodeKind {
  const { node, strict, reply, addressMap } = options;
  return new NodeKind({
    node,
    ...access(gateway),
    ...(strict === undefined ? {} : { strict }),
    ...(reply === undefined ? {} : { reply }),
    ...(addressMap === undefined ? {} : { addressMap }),
    limits: () => host.limits(),
  });
}

/** A hold on the pair of this gateway; all of them share one watch. `onEvent` hears of the pair. @throws OptionError */
export function pairOf(gateway: GatewayOptions, onEvent?: (event: SegueEvent) => void): Pair {
  const { nodes = [] } = gateway;
  const session = { ...gateway.session, ...(onEvent === undefined ? {} : { onEvent }) };
  return new Pair(
    {
      ...topologyBounds(session),
      ...access(gateway),
      nodes: [...nodes],
    },
    session.dialsMax ?? DIALS_MAX,
    noticeOptions(session),
    readOptions(session),
  );
}

function access({ username, password, tls }: GatewayOptions): Pick<GatewayOptions, 'username' | 'password' | 'tls'> {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}
