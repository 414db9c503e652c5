import type { NodeView } from '../topology/index.js';
import { formatAddress } from '../transport/index.js';
import type { Entrance } from './entrance.js';
import type { Gateway } from './gateway.js';
import type { GatewayListener } from './gateway-listener.js';
import type { Limits } from './limits.js';

/** A gateway at this moment, for people and scripts. Holds no secrets. */
export interface GatewayStatus {
  readonly phase: string;
  readonly unready: string | null;
  /** Whom clients are sent to, in which term, and for how long. */
  readonly primary: { readonly node: string; readonly term: number; readonly forMs: number } | null;
  readonly nodes: readonly NodeStatus[];
  readonly listeners: readonly ListenerStatus[];
}

export interface NodeStatus {
  readonly node: string;
  readonly state: string;
  readonly role: string | null;
  readonly isPrimary: boolean;
  readonly version: string | null;
  readonly offset: number | null;
  /** Of a replica: whom it follows, and whether that link is up. */
  readonly follows: string | null;
  readonly linkUp: boolean | null;
  /** Why it is not up, or not the primary although it says so. */
  readonly reason: string | null;
}

export interface ListenerStatus {
  readonly name: string;
  readonly kind: string;
  readonly address: string;
  readonly secure: boolean;
  readonly unready: string | null;
  readonly clients: number;
  readonly accepted: number;
  readonly limits: Limits;
  /** Commands kept for clients because they have no answer yet, and their bytes. */
  readonly heldCommands: number;
  readonly heldBytes: number;
  readonly commands: number;
  /** Clients by what their library calls itself; `unknown` for those that do not say. */
  readonly libraries: Readonly<Record<string, number>>;
  /** Those whose commands go over connections that they have in common, and how many connections that are. */
  readonly shared: { readonly clients: number; readonly connections: number };
  /** Clients by the state of their session. */
  readonly states: Readonly<Record<string, number>>;
  readonly moves: number;
  readonly replayed: number;
  readonly uncertain: number;
  /** Clients that were closed by the gateway, by reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** Guarded commands that were not let through, by name. */
  readonly refused: Readonly<Record<string, number>>;
  /** Commands that were given up, by error code. */
  readonly givenUp: Readonly<Record<string, number>>;
  readonly handshakesFailed: number;
  readonly restraints: number;
}

export function statusOf(gateway: Gateway): GatewayStatus {
  const { primary } = gateway;
  return {
    phase: gateway.phase,
    unready: gateway.unready ?? null,
    primary:
      primary === undefined
        ? null
        : { node: primary.node, term: primary.term, forMs: Math.round(gateway.clock.now() - primary.since) },
    nodes: gateway.nodes().map(nodeStatus),
    listeners: gateway.listeners.map(listenerStatus),
  };
}

function nodeStatus({ node, state, role, isPrimary, version, offset, follows, linkUp, reason }: NodeView): NodeStatus {
  return {
    node,
    state,
    role: role ?? null,
    isPrimary,
    version: version ?? null,
    offset: offset ?? null,
    follows: follows ?? null,
    linkUp: linkUp ?? null,
    reason: reason ?? null,
  };
}

function listenerStatus({ name, kind, entrance, tally }: GatewayListener): ListenerStatus {
  const { counts } = entrance;
  return {
    name,
    kind,
    address: formatAddress(entrance.address),
    secure: entrance.isSecure,
    unready: entrance.unready ?? null,
    clients: entrance.clients.size,
    accepted: counts.accepted,
    limits: entrance.limits,
    heldBytes: entrance.heldBytes,
    commands: entrance.traffic.commands,
    ...clientsOf(entrance),
    moves: tally.moves,
    replayed: tally.replayed,
    uncertain: tally.uncertain,
    closed: Object.fromEntries(counts.closed),
    refused: Object.fromEntries(counts.refused),
    givenUp: Object.fromEntries(tally.givenUp),
    handshakesFailed: counts.handshakesFailed,
    restraints: counts.restraints,
  };
}

type ClientsStatus = Pick<ListenerStatus, 'libraries' | 'states' | 'shared' | 'heldCommands'>;

function clientsOf({ clients, sharedConnections }: Entrance): ClientsStatus {
  const libraries = new Map<string, number>();
  const states = new Map<string, number>();
  let heldCommands = 0;
  let sharing = 0;
  for (const { handler } of clients) {
    const { library = 'unknown', state = 'unknown', shared = false } = handler?.describe() ?? {};
    if (shared) sharing++;
    libraries.set(library, (libraries.get(library) ?? 0) + 1);
    states.set(state, (states.get(state) ?? 0) + 1);
    heldCommands += handler?.held.commands ?? 0;
  }
  return {
    libraries: Object.fromEntries(libraries),
    states: Object.fromEntries(states),
    shared: { clients: sharing, connections: sharedConnections },
    heldCommands,
  };
}
