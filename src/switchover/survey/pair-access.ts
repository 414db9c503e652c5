import type { ConnectionOptions } from 'node:tls';
import { type AddressMap, Conversation, type ConversationOptions } from '../../topology/index.js';
import {
  type Address,
  type Clock,
  clock,
  formatAddress,
  type NodeUrl,
  OptionError,
  parseAddress,
  parseNodeUrl,
  type Transport,
} from '../../transport/index.js';

/** How to reach a pair. Holds secrets: never print it. */
export interface PairAccess {
  /** URLs of any nodes of the pair; the others are found. All with TLS, or none. */
  readonly nodes: readonly string[];
  /** For nodes whose URL has no user information, and for those that are found. */
  readonly username?: string;
  readonly password?: string;
  /** For nodes whose URL asks for TLS, and for those that are found through them. */
  readonly tls?: ConnectionOptions;
  /** Where a node that the pair calls `host:port` is reached from here: NAT, containers, TLS ports. */
  readonly addressMap?: AddressMap;
  /** URLs of Sentinels; those that announce themselves at the primary are found anyway. */
  readonly sentinels?: readonly string[];
  /** For connecting, and for each answer. Default 2000. */
  readonly timeoutMs?: number;
}

export interface AccessIo {
  readonly clock?: Clock;
  readonly transport?: Transport;
}

interface Login {
  readonly username?: string;
  readonly password?: string;
}

const defaultTimeoutMs = 2_000;
/** Of our connections, for CLIENT LIST. */
const surveyName = 'segue-survey';

/** The access, checked once: opens conversations with nodes by their address, whoever has named them. */
export class Doorway {
  readonly timeoutMs: number;
  readonly tls: boolean;
  readonly seeds: readonly Address[];
  /** Those that were given. */
  readonly sentinels: readonly NodeUrl[];
  readonly clock: Clock;
  readonly #access: PairAccess;
  readonly #io: AccessIo;
  readonly #urls: ReadonlyMap<string, NodeUrl>;
  readonly #common: Login;

  /** Throws OptionError for a URL that cannot be used. */
  constructor(access: PairAccess, io: AccessIo = {}) {
    if (access.nodes.length === 0) throw new OptionError('SEGUE_OPTION_VALUE', 'nodes: at least one node is needed');
    const urls = access.nodes.map((url) => parseNodeUrl(url));
    const overTcp = urls.filter(({ address }) => address.kind === 'tcp');
    if (overTcp.some((url) => url.tls !== overTcp[0]!.tls)) {
      throw new OptionError('SEGUE_OPTION_VALUE', 'nodes: either all URLs ask for TLS, or none');
    }
    if (access.tls !== undefined && overTcp.some((url) => !url.tls)) {
      throw new OptionError('SEGUE_OPTION_VALUE', 'tls: needs rediss:// or valkeys:// URLs');
    }
    this.#access = access;
    this.#io = io;
    this.#urls = new Map(urls.map((url) => [formatAddress(url.address), url]));
    this.#common = loginOf(access) ?? urls.map(loginOf).find((login) => login !== undefined) ?? {};
    this.seeds = [...this.#urls.values()].map(({ address }) => address);
    this.tls = overTcp[0]?.tls ?? access.tls !== undefined;
    this.sentinels = (access.sentinels ?? []).map((url) => parseNodeUrl(url));
    this.timeoutMs = access.timeoutMs ?? defaultTimeoutMs;
    this.clock = io.clock ?? clock;
  }

  /** Where a node that servers call `host:port` is reached from here; undefined when the map says nowhere. */
  addressOf(host: string, port: number): Address | undefined {
    const { addressMap } = this.#access;
    const announced: Address = { kind: 'tcp', host, port };
    if (addressMap === undefined) return announced;
    const name = formatAddress(announced);
    const target = typeof addressMap === 'function' ? addressMap(name) : (addressMap[name] ?? name);
    return target === undefined ? undefined : parseAddress(target);
  }

  /** The node's URL without secrets. */
  urlOf(address: Address): string {
    if (address.kind === 'unix') return formatAddress(address);
    return `${this.tls ? 'valkeys' : 'valkey'}://${formatAddress(address)}`;
  }

  /** A conversation with a node of the pair, as our user. */
  open(address: Address, name = surveyName, more: Pick<ConversationOptions, 'onPush'> = {}): Conversation {
    const login = loginOf(this.#urls.get(formatAddress(address))) ?? this.#common;
    return this.dial(address, login, this.tls, name, more);
  }

  /** A conversation with somebody else, as whoever the caller says. */
  dial(
    address: Address,
    login: Login,
    tls: boolean,
    name = surveyName,
    more: Pick<ConversationOptions, 'onPush'> = {},
  ): Conversation {
    return new Conversation({
      address,
      connectTimeoutMs: this.timeoutMs,
      name,
      ...(login.username === undefined ? {} : { username: login.username }),
      ...(login.password === undefined ? {} : { password: login.password }),
      ...(tls ? { tls: this.#access.tls ?? {} } : {}),
      ...this.#io,
      ...more,
    });
  }
}

function loginOf(from: Login | undefined): Login | undefined {
  if (from?.password === undefined) return undefined;
  return { password: from.password, ...(from.username === undefined ? {} : { username: from.username }) };
}
