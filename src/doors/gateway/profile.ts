import { type ClientDescription, type Credentials, Identity } from '../../session/index.js';

/** What makes one trunk differ from another, and what a client may have set besides without needing a session of its own. */
export class Profile {
  // Private, so that no log or error can print it by accident.
  readonly #credentials: Credentials | undefined;

  constructor(
    credentials: Credentials | undefined,
    readonly protocol: 2 | 3,
    readonly database: string,
    readonly name: string,
    private readonly info: readonly (readonly [attribute: string, value: string])[],
  ) {
    this.#credentials = credentials;
  }

  /** Undefined when the client has set something that commands of others must not feel. */
  static of(identity: Identity): Profile | undefined {
    const { credentials, protocol, database, name, info } = identity;
    const { noEvict, noTouch, readOnly, tracking, monitor, subscribed } = identity;
    if (noEvict || noTouch || readOnly || monitor || subscribed || tracking !== undefined) return undefined;
    return new Profile(credentials, protocol, database, name, [...info]);
  }

  /** Has not logged in. */
  get anonymous(): boolean {
    return this.#credentials === undefined;
  }

  /** Equal for clients whose commands may go over one connection: the server checks them as the same user's. Secret. */
  get key(): string {
    const { username = 'default', password } = this.#credentials ?? { password: undefined };
    return JSON.stringify([password === undefined ? null : [username, password], this.protocol, this.database]);
  }

  get description(): ClientDescription {
    const { name, database, protocol } = this;
    const { username = 'default' } = this.#credentials ?? {};
    const library = this.info.find(([attribute]) => attribute === 'LIB-NAME')?.[1] ?? '';
    return { user: this.anonymous ? undefined : username, name, library, database, protocol, listening: false };
  }

  /** The client, for a session of its own. */
  identity(): Identity {
    const identity = this.#common();
    identity.apply({ set: 'name', name: this.name });
    for (const [attribute, value] of this.info) identity.apply({ set: 'info', attribute, value });
    return identity;
  }

  /** All clients of the key, for the session that they share. `name`: as CLIENT LIST shows it. */
  sharedIdentity(name: string): Identity {
    const identity = this.#common();
    identity.apply({ set: 'name', name });
    return identity;
  }

  #common(): Identity {
    const { protocol, database } = this;
    const identity = new Identity();
    identity.apply({ set: 'hello', protocol, credentials: this.#credentials, name: undefined });
    identity.apply({ set: 'select', database });
    return identity;
  }
}

/** A client that has said nothing about itself. */
export const STRANGER = new Profile(undefined, 2, '0', '', []);
