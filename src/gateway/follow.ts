import { FollowDoor, type FollowDoorOptions, Trunks } from '../doors/gateway/index.js';
import type { Pair } from '../doors/pair.js';
import type { SessionEvent, SessionOptions } from '../session/index.js';
import type { Limits } from './limits.js';
import type { Client, ClientDescription, ClientHandler, ClientStanding, ListenerKind } from './listener.js';
import type { Policy } from './policy.js';

export interface FollowOptions {
  readonly pair: Pair;
  readonly session: Partial<SessionOptions>;
  readonly policy: Policy;
  /** Commands of many clients go over one connection where that makes no difference. */
  readonly share: boolean;
  /** Clients must log in before the handshake limit is over. */
  readonly loginRequired: boolean;
  /** Given: clients only read, from replicas, and what may write is answered with this error. */
  readonly writesRefused?: Buffer;
  /** As they are now; they may change. */
  limits(): Limits;
  onEvent(event: SessionEvent): void;
}

/** The kind of listener whose clients are carried from primary to primary. */
export class FollowKind implements ListenerKind {
  readonly #trunks: Trunks | undefined;
  /** Of clients that come now: one object for all, until the limits change. */
  #door: FollowDoorOptions | undefined;

  constructor(private readonly options: FollowOptions) {
    const { pair, session, policy, onEvent } = options;
    if (options.share) {
      this.#trunks = new Trunks({ pair, session, onEvent, answers: (name, args) => policy.answer(name, args) });
    }
  }

  accept(client: Client): ClientHandler {
    return new FollowHandler(client, this.#doorOptions(), this.options.loginRequired);
  }

  get unready(): string | undefined {
    return this.options.pair.topology.primary === undefined ? 'no primary is known' : undefined;
  }

  get sharedConnections(): number {
    return this.#trunks?.size ?? 0;
  }

  close(): void {
    this.#trunks?.close();
    this.options.pair.release();
  }

  #doorOptions(): FollowDoorOptions {
    const { pair, session, policy, writesRefused, onEvent } = this.options;
    const limits = this.options.limits();
    if (this.#door?.limits !== limits) {
      this.#door = {
        pair,
        session: { ...session, commandBytesMax: limits.commandBytesMax },
        limits,
        answers: (name, args) => policy.answer(name, args),
        onEvent,
        ...(writesRefused === undefined ? {} : { writesRefused }),
        trunks: this.#trunks,
      };
    }
    return this.#door;
  }
}

class FollowHandler implements ClientHandler {
  readonly #door: FollowDoor;

  constructor(
    client: Client,
    options: FollowDoorOptions,
    private readonly loginRequired: boolean,
  ) {
    this.#door = new FollowDoor(client, options);
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
    const { commands, unanswered, waits, client } = this.#door;
    const isNew = commands === 0 || (this.loginRequired && client.user === undefined);
    if (isNew) return 'new';
    if (unanswered > 0 || waits) return 'busy';
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
      shared: this.#door.shares,
      state: at,
    };
  }
}
