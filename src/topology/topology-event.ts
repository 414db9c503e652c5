import type { Notice } from './notice.js';

/** Why a node is taken for the primary. */
export type PrimaryCause =
  /** The first primary that this watch has known. */
  | 'found'
  /** Its replication history continues that of the previous primary; or it is the previous one, after another that was not seen. */
  | 'promoted'
  /** The previous primary itself follows it now. */
  | 'yielded'
  /** The same node, a new server process. */
  | 'restarted'
  /** The same server process answers again, or again as primary, and nobody else was it in between: same term. */
  | 'back';

/** What happens in a watch. `node` is the address by which the watch knows the node, as formatAddress writes it. */
export type TopologyEvent =
  /** Commands belong to this node now. */
  | { type: 'primary'; node: string; term: number; cause: PrimaryCause; previous: string | undefined }
  /** The primary of this term stepped down or cannot be reached, and no newer one is known yet. */
  | { type: 'primary-lost'; node: string; term: number; reason: string }
  /** The control connection is open and the node has said what it is. */
  | { type: 'node-up'; node: string; role: 'primary' | 'replica'; version: string | undefined }
  /** The control connection was lost or could not be opened. Once per outage. */
  | { type: 'node-down'; node: string; reason: string }
  /** Two addresses turned out to be one server process; the watch goes on with `node`. */
  | { type: 'alias'; node: string; also: string }
  /** Several nodes say that they are primary and their histories do not tell which is newer. */
  | { type: 'ambiguous'; chosen: string; others: string[]; decidedBy: 'attached-replicas' | 'offset' }
  /** A node says that it is primary and is not followed. Once per claim. */
  | { type: 'stale-claim'; node: string; primary: string; reason: StaleReason }
  /** Somebody named an address that nobody in the pair vouches for: it is not dialled. Once per address. */
  | { type: 'untrusted'; address: string; namedBy: string; reason: 'not-in-the-pair' | 'too-many-nodes' | 'unmapped' }
  /** An operator's notice was heard; `refused`: why nothing comes of it. Once, from however many nodes it came. */
  | { type: 'notice'; kind: Notice['kind']; id: string; from: string; to: string; refused: string | undefined }
  /** Something came on the channel of the notices that is none, or too much of it. Once per reason. */
  | { type: 'notice-ignored'; node: string; reason: string }
  /**
   * Notices cannot be heard at this node, or not be answered: a switch does not wait for this process, and its sessions
   * go by redirects. It is tried again when the node is dialled anew.
   */
  | { type: 'notices-unavailable'; node: string; reason: string }
  /** INFO is denied to our user; ROLE is used, so restarts and promotions that happen unseen cannot be told apart. */
  | { type: 'degraded'; node: string; reason: string };

export type StaleReason =
  /** Its history ended before, or branched off from, that of the known primary. */
  | 'older'
  /** Its history has nothing in common with what is known. */
  | 'unrelated'
  /** A process that has never been seen as a replica, while the known primary is in office: a restart, not a promotion. */
  | 'restarted-replica';
