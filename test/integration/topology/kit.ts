import { type LabServer, replicationOf, waitFor } from '../../../src/lab/servers/index.js';
import { Topology, type TopologyEvent, type TopologyOptions } from '../../../src/topology/index.js';

/** A topology that records its events. */
export interface Watched {
  topology: Topology;
  events: TopologyEvent[];
  /** The node names of all events of one type, in order. */
  nodesOf(type: TopologyEvent['type']): string[];
}

export function watch(options: TopologyOptions): Watched {
  const events: TopologyEvent[] = [];
  const topology = Topology.acquire({ onEvent: (event) => events.push(event), ...options });
  const nodesOf = (type: TopologyEvent['type']) =>
    events.filter((event) => event.type === type).map((event) => ('node' in event ? event.node : ''));
  return { topology, events, nodesOf };
}

export const urlOf = (server: LabServer): string => `valkey://${server.address}`;

/** The order of a planned switch: pause, catch up, promote, demote, go on. */
export async function switchOver(from: LabServer, to: LabServer): Promise<void> {
  await from.cli('CLIENT', 'PAUSE', 5000, 'WRITE');
  const { offset } = await replicationOf(from);
  await waitFor(() => replicationOf(to), {
    deadlineMs: 5000,
    what: `${to.address} to catch up`,
    until: (view) => view.state === 'connected' && view.offset >= offset,
  });
  await to.cli('REPLICAOF', 'NO', 'ONE');
  await from.cli('REPLICAOF', to.host, to.port);
  await from.cli('CLIENT', 'UNPAUSE');
}

export async function knowsAll(topology: Topology, count: number): Promise<void> {
  await waitFor(() => topology.nodes().filter((node) => node.state === 'up').length, {
    deadlineMs: 5000,
    what: `${count} nodes to be known`,
    until: (up) => up === count,
  });
}
