import { FollowDoor } from '../doors/gateway/index.js';
import type { Pair } from '../doors/pair.js';
import type { SessionEvent, SessionOptions } from '../session/index.js';
import type { Limits } from './limits.js';
import type { Client, ClientDescription, ClientHandler, ClientStanding, ListenerKind } from './listener.js';
import type { Policy } from './policy.js';

export interface FollowOptions {
  readonly pair: Pair;
  readonly session: Partial<SessionOptions>;
  readonly policy: Policy;
  /** Clients must log in before the handshake limit is over. */
  readonly loginRequired: boolean;
  /** As they are now; they may change. */
  limits(): Limits;
  onEvent(event: SessionEvent): void;
}

/** The kind of listener that gives every client a session which follows the primary. */
export class FollowKind implements ListenerKind {
  constructor(private readonly options: FollowOptions) {}

  accept(client: Client): ClientHandler {
    return new FollowHandler(client, this.options);
  }

  get unready(): string | undefined {
    return this.options.pair.topology.primary === undefined ? 'no primary is known' : undefined;
  }

  close(): void {
    this.options.pair.release();
  }
}

class FollowHandler implements ClientHandler {
  readonly #door: FollowDoor;

  constructor(
    client: Client,
    private readonly options: FollowOptions,
  ) {
    const { pair, session, policy, onEvent } = options;
    const limits = options.limits();
    this.#door = new FollowDoor(client, {
      pair,
      session: { ...session, commandBytesMax: limits.commandBytesMax },
      limits,
      answers: (name, args) => policy.answer(name, args),
      onEvent,
    });
  }

  take(bytes: Buffer): void {
    this.#door.take(bytes);
  }

  ended(): void {
    this.#door.ended();
  }

  drained(): void {
    this.#door.drained();
  }

  wind(): void {
    this.#door.wind();
  }

  gone(): void {
    this.#door.close();
  }

  get standing(): ClientStanding {
    const { commands, unanswered, client } = this.#door;
    const isNew = commands === 0 || (this.options.loginRequired && client.user === undefined);
    if (isNew) return 'new';
    if (unanswered > 0) return 'busy';
    return client.listening ? 'listening' : 'idle';
  }

  get commands(): number {
    return this.#door.commands;
  }

  get answered(): number | undefined {
    return this.#door.answered;
  }

  get held(): { bytes: number; commands: number } {
    return this.#door.held;
  }

  describe(): ClientDescription {
    const { user, name, library, protocol, database } = this.#door.client;
    const { at, node } = this.#door.state;
    return {
      ...(user === undefined ? {} : { user }),
      ...(name === '' ? {} : { name }),
      ...(library === '' ? {} : { library }),
      ...(node === undefined ? {} : { node }),
      protocol,
      database,
      state: at,
    };
  }
}
