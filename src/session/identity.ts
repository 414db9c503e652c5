import { Subscriptions } from './subscriptions.js';

/**
 * Who the client is and what it has set on its connection: everything that a new connection must be told again.
 * Texts are kept as latin1 strings so that any bytes survive.
 */

export interface Credentials {
  /** Undefined: the default user. */
  readonly username: string | undefined;
  readonly password: string;
}

/** What one successful command changes. */
export type Change =
  | { set: 'auth'; credentials: Credentials }
  | { set: 'hello'; protocol: 2 | 3 | undefined; credentials: Credentials | undefined; name: string | undefined }
  | { set: 'select'; database: string }
  | { set: 'name'; name: string }
  | { set: 'info'; attribute: string; value: string }
  | { set: 'no-evict'; on: boolean }
  | { set: 'no-touch'; on: boolean }
  | { set: 'read-only'; on: boolean }
  /** The whole CLIENT TRACKING command; undefined when it was switched off. */
  | { set: 'tracking'; command: readonly string[] | undefined };

/** Who a client is, without its secrets. */
export interface ClientDescription {
  /** Undefined: has not logged in. */
  readonly user: string | undefined;
  readonly name: string;
  /** As its library calls itself. */
  readonly library: string;
  readonly database: string;
  readonly protocol: 2 | 3;
  /** Bytes come for it that it does not ask for one by one: it is subscribed, or monitors. */
  readonly listening: boolean;
}

const NO_INFO: ReadonlyMap<string, string> = new Map();

export class Identity {
  protocol: 2 | 3 = 2;
  // Private, so that no log or error can print it by accident.
  #credentials: Credentials | undefined;
  database = '0';
  name = '';
  /** By attribute; undefined before the first is set. */
  #info: Map<string, string> | undefined;
  noEvict = false;
  noTouch = false;
  readOnly = false;
  /** It can be nothing else. */
  readsOnly = false;
  tracking: readonly string[] | undefined;
  monitor = false;
  readonly subscriptions = new Subscriptions();
  /** Grows whenever what the client has set may have changed, by `apply` or `reset`. */
  #revision = 0;

  /** While it stays the same, so does all that a connection is told before it subscribes. */
  get revision(): number {
    return this.#revision;
  }

  get credentials(): Credentials | undefined {
    return this.#credentials;
  }

  /** What its library says of itself, by attribute. */
  get info(): ReadonlyMap<string, string> {
    return this.#info ?? NO_INFO;
  }

  get subscribed(): boolean {
    return this.subscriptions.size > 0;
  }

  /** As far as it may be shown. */
  get description(): ClientDescription {
    const { database, name, protocol, subscribed, monitor } = this;
    return {
      user: this.#credentials === undefined ? undefined : (this.#credentials.username ?? 'default'),
      name,
      library: this.info.get('LIB-NAME') ?? '',
      database,
      protocol,
      listening: subscribed || monitor,
    };
  }

  apply(change: Change): void {
    this.#revision++;
    switch (change.set) {
      case 'auth':
        this.#credentials = change.credentials;
        return;
      case 'hello':
        if (change.protocol !== undefined) this.protocol = change.protocol;
        if (change.credentials !== undefined) this.#credentials = change.credentials;
        if (change.name !== undefined) this.name = change.name;
        return;
      case 'select':
        this.database = change.database;
        return;
      case 'name':
        this.name = change.name;
        return;
      case 'info':
        this.#info ??= new Map();
        this.#info.set(change.attribute, change.value);
        return;
      case 'no-evict':
        this.noEvict = change.on;
        return;
      case 'no-touch':
        this.noTouch = change.on;
        return;
      case 'read-only':
        this.readOnly = change.on || this.readsOnly;
        return;
      case 'tracking':
        this.tracking = change.command && trackingAfter(this.tracking ?? [], change.command);
        return;
    }
  }

  /** What RESET leaves: the bits that survive it on a server (the capabilities) are the session's own anyway. */
  reset(): void {
    this.#revision++;
    this.protocol = 2;
    this.#credentials = undefined;
    this.database = '0';
    this.name = '';
    this.noEvict = false;
    this.noTouch = false;
    this.readOnly = this.readsOnly;
    this.tracking = undefined;
    this.monitor = false;
    this.subscriptions.clear();
  }
}

/** Servers keep all prefixes until tracking is switched off. Without one, everything is tracked. */
function trackingAfter(before: readonly string[], command: readonly string[]): readonly string[] {
  return prefixesOf(command).length === 0 ? command : [...command, ...prefixesOf(before)];
}

function prefixesOf(tracking: readonly string[]): string[] {
  const prefixes: string[] = [];
  for (let i = 3; i + 1 < tracking.length; i++) {
    if (tracking[i]!.toUpperCase() === 'PREFIX') prefixes.push('PREFIX', tracking[++i]!);
  }
  return prefixes;
}

/** What a command would change if it succeeds; undefined for a command that changes nothing that is kept. */
export function changeOf(args: readonly Buffer[]): Change | undefined {
  const text = args.map((arg) => arg.toString('latin1'));
  const name = text[0]?.toUpperCase();
  switch (name) {
    case 'AUTH':
      return authChange(text);
    case 'HELLO':
      return helloChange(text);
    case 'SELECT':
      return text[1] === undefined ? undefined : { set: 'select', database: text[1] };
    case 'READONLY':
      return { set: 'read-only', on: true };
    case 'READWRITE':
      return { set: 'read-only', on: false };
    case 'CLIENT':
      return clientChange(text);
    default:
      return undefined;
  }
}

function authChange(text: readonly string[]): Change | undefined {
  if (text.length === 2) return { set: 'auth', credentials: { username: undefined, password: text[1]! } };
  if (text.length === 3) return { set: 'auth', credentials: { username: text[1]!, password: text[2]! } };
  return undefined;
}

/** `HELLO [protover [AUTH username password] [SETNAME clientname]]` */
function helloChange(text: readonly string[]): Change {
  const protocol = text[1] === '3' ? 3 : text[1] === '2' ? 2 : undefined;
  let credentials: Credentials | undefined;
  let name: string | undefined;
  for (let i = 2; i < text.length; i++) {
    const option = text[i]!.toUpperCase();
    if (option === 'AUTH' && i + 2 < text.length) {
      credentials = { username: text[i + 1]!, password: text[i + 2]! };
      i += 2;
    } else if (option === 'SETNAME' && i + 1 < text.length) {
      name = text[++i]!;
    }
  }
  return { set: 'hello', protocol, credentials, name };
}

function clientChange(text: readonly string[]): Change | undefined {
  const on = text[2]?.toUpperCase() === 'ON';
  switch (text[1]?.toUpperCase()) {
    case 'SETNAME':
      return text[2] === undefined ? undefined : { set: 'name', name: text[2] };
    case 'SETINFO':
      return text[3] === undefined ? undefined : { set: 'info', attribute: text[2]!.toUpperCase(), value: text[3] };
    case 'NO-EVICT':
      return { set: 'no-evict', on };
    case 'NO-TOUCH':
      return { set: 'no-touch', on };
    case 'TRACKING':
      return { set: 'tracking', command: on ? text : undefined };
    default:
      return undefined;
  }
}
