import type { AclUser } from './acl-facts.js';
import type { ClientSurvey } from './client-survey.js';
import type { Counters } from './counters.js';
import type { FunctionLibrary, LoadedModule } from './extension-facts.js';
import type { MemoryFacts } from './memory-facts.js';
import type { PersistenceFacts } from './persistence-facts.js';
import type { ReplicationFacts } from './replication-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { UnreachableWhy } from './unreachable.js';

/** A node that somebody named and that could not be asked. */
export interface LostNode {
  readonly reachable: false;
  /** `host:port` as dialled from here. */
  readonly name: string;
  /** Without secrets. */
  readonly url: string;
  readonly names: readonly string[];
  readonly why: UnreachableWhy;
  readonly reason: string;
}

/** What a node did not tell, and why: our user lacks a permission, or the version does not know the question. */
export type Question = 'config' | 'users' | 'libraries' | 'modules' | 'clients' | 'commands';

export interface ReachedNode extends ServerFacts, ReplicationFacts {
  readonly reachable: true;
  /** `host:port` as dialled from here; what a switch is told as `from` and `to`. */
  readonly name: string;
  /** Without secrets. */
  readonly url: string;
  /** All addresses by which the pair or we know it. */
  readonly names: readonly string[];
  /** How its primary lists it, when that differs from `name`; also when that address cannot be reached from here. */
  readonly announced: string | undefined;
  readonly loading: PersistenceFacts['loading'];
  /** Of a replica: bytes behind the primary, both asked at the same time. */
  readonly lagBytes: number | undefined;
  /** Of a replica: seconds since its primary has heard of it. */
  readonly lagSeconds: number | undefined;
  readonly persistence: PersistenceFacts;
  readonly memory: MemoryFacts;
  readonly counters: Counters;
  /** As in CONFIG GET, by the names that all versions know; secrets are replaced by `(set)`. */
  readonly config: ReadonlyMap<string, string>;
  readonly users: readonly AclUser[];
  readonly libraries: readonly FunctionLibrary[];
  readonly modules: readonly LoadedModule[];
  /** Names of the commands that it knows, in small letters, subcommands as `client|pause`. */
  readonly commands: ReadonlySet<string>;
  /** Without the connection of this survey. */
  readonly clients: readonly ClientSurvey[];
  /** Of Sentinels that are connected: the first eight digits of their ids. */
  readonly sentinelIds: readonly string[];
  readonly tls: { readonly port: number; readonly plainPort: number; readonly replication: boolean };
  /** The fields of INFO clients that tell of a pause; undefined before Valkey 8.1. */
  readonly paused: { readonly reason: string; readonly actions: string; readonly leftMs: number } | undefined;
  readonly withheld: ReadonlyMap<Question, string>;
}

export type NodeSurvey = LostNode | ReachedNode;

export function isReached(node: NodeSurvey): node is ReachedNode {
  return node.reachable;
}
