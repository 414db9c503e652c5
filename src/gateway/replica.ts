import type { Pair } from '../doors/pair.js';
import { encodeError } from '../resp/index.js';
import { FollowKind, type FollowOptions } from './follow.js';
import type { Client, ClientHandler, ListenerKind } from './listener.js';

/** A write in the wrong place is told so, rather than carried to where the application did not ask for it. */
export const READ_ONLY = encodeError(
  'GATEWAYREADONLY',
  'this address is for reading: what may write is not let through (send it to a follow listener; scripts that only read as EVAL_RO, EVALSHA_RO or FCALL_RO)',
);

export interface ReplicaOptions extends FollowOptions {
  readonly pair: Pair;
  /** How much a replica may be behind. The pair's sessions have the same bound. */
  readonly lagMaxMs: number;
}

/**
 * The kind of listener for reading: every client has a session that begins with READONLY, as it were, so with a replica in
 * sync; or with the primary as long as there is none. It takes no writes.
 */
export class ReplicaKind implements ListenerKind {
  readonly #sessions: FollowKind;

  constructor(private readonly options: ReplicaOptions) {
    this.#sessions = new FollowKind({ ...options, writesRefused: READ_ONLY });
  }

  accept(client: Client): ClientHandler {
    return this.#sessions.accept(client);
  }

  get unready(): string | undefined {
    const { pair, lagMaxMs } = this.options;
    const { topology } = pair;
    if (topology.primary !== undefined || topology.replicas({ lagMaxMs }).length > 0) return undefined;
    return 'neither a replica in sync nor a primary is known';
  }

  get sharedConnections(): number {
    return 0;
  }

  close(): void {
    this.#sessions.close();
  }
}
