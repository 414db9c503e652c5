import { formatAddress } from '../transport/index.js';
import type { Gateway, GatewayListener } from './gateway.js';

/** A gateway at this moment, for people and scripts. Holds no secrets. */
export interface GatewayStatus {
  readonly phase: string;
  readonly unready: string | null;
  readonly nodes: readonly {
    node: string;
    state: string;
    role: string | null;
    isPrimary: boolean;
    version: string | null;
  }[];
  readonly listeners: readonly ListenerStatus[];
}

export interface ListenerStatus {
  readonly name: string;
  readonly kind: string;
  readonly address: string;
  readonly clients: number;
  readonly heldBytes: number;
  readonly commands: number;
  /** Clients by what their library calls itself; `unknown` for those that do not say. */
  readonly libraries: Readonly<Record<string, number>>;
  /** Clients by the state of their session. */
  readonly states: Readonly<Record<string, number>>;
  readonly moves: number;
  readonly replayed: number;
  readonly uncertain: number;
}

export function statusOf(gateway: Gateway): GatewayStatus {
  return {
    phase: gateway.phase,
    unready: gateway.unready ?? null,
    nodes: gateway.nodes().map(({ node, state, role, isPrimary, version }) => ({
      node,
      state,
      role: role ?? null,
      isPrimary,
      version: version ?? null,
    })),
    listeners: gateway.listeners.map(listenerStatus),
  };
}

function listenerStatus({ name, kind, entrance, tally }: GatewayListener): ListenerStatus {
  const libraries = new Map<string, number>();
  const states = new Map<string, number>();
  for (const { handler } of entrance.clients) {
    const { library = 'unknown', state = 'unknown' } = handler?.describe() ?? {};
    libraries.set(library, (libraries.get(library) ?? 0) + 1);
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  return {
    name,
    kind,
    address: formatAddress(entrance.address),
    clients: entrance.clients.size,
    heldBytes: entrance.heldBytes,
    commands: entrance.traffic.commands,
    libraries: Object.fromEntries(libraries),
    states: Object.fromEntries(states),
    moves: tally.moves,
    replayed: tally.replayed,
    uncertain: tally.uncertain,
  };
}
