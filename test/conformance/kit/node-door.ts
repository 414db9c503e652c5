import { Entrance } from '../../../src/gateway/entrance.js';
import { DEFAULT_LIMITS } from '../../../src/gateway/limits.js';
import { NodeKind, type NodeKindOptions } from '../../../src/gateway/node/index.js';
import { Vigil } from '../../../src/gateway/vigil.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import { clock } from '../../../src/transport/index.js';
import type { Place } from './talker.js';

export interface NodeDoor extends Place {
  readonly entrance: Entrance;
  close(): Promise<void>;
}

/** A node listener in front of each server. */
export function throughNode(options: Partial<NodeKindOptions> = {}): (server: LabServer) => Promise<NodeDoor> {
  return async (server) => {
    const kind = new NodeKind({ node: `valkey://${server.address}`, limits: () => DEFAULT_LIMITS, ...options });
    const entrance = new Entrance(kind, {
      name: `node ${server.address}`,
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      limits: DEFAULT_LIMITS,
      listen: {},
      clock,
      vigil: new Vigil(clock, true),
    });
    await entrance.open();
    const { address } = entrance;
    if (address.kind !== 'tcp') throw new Error('not a port');
    return { host: address.host, port: address.port, entrance, close: () => entrance.close() };
  };
}
