import type { CommandTable } from '../../resp/index.js';
import type { Endpoint } from '../../topology/index.js';
import type { Limits } from '../limits.js';
import type { NodeAddress } from './node-link.js';
import type { NodeWatch } from './node-watch.js';

/** What the clients of one node listener share. */
export interface NodeHost {
  /** `host:port` of the node. */
  readonly name: string;
  readonly node: NodeAddress;
  readonly watch: NodeWatch;
  /** Knows the node's own commands. */
  readonly table: CommandTable;
  /** What a client is told for the primary that the node names. */
  redirect(primary: Endpoint): Buffer;
  /** Clients follow without having announced it. */
  readonly everyone: boolean;
  /** Redirects also what Valkey runs on a replica although it belongs to the primary. */
  readonly strict: boolean;
  /** CLIENT IDs, at the node, of the clients that have announced `redirect`. */
  readonly capable: Set<string>;
  /** What of the rules concerns this node. */
  readonly ours: 'all' | 'keyless' | 'none';
  limits(): Limits;
}
