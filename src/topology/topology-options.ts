import type { ConnectionOptions } from 'node:tls';
import {
  type Address,
  type Clock,
  formatAddress,
  type NodeUrl,
  OptionError,
  parseAddress,
  parseNodeUrl,
  type Transport,
} from '../transport/index.js';
import type { Endpoint } from './replication-report.js';
import type { TopologyEvent } from './topology-event.js';
import type { WatchConfig } from './watch-state.js';

/** From the address that servers announce (`host:port`, IPv6 in brackets) to the one to dial. */
export type AddressMap = Record<string, string> | ((address: string) => string);

export interface TopologyOptions {
  /** Seeds: URLs of any nodes of the pair; the rest is discovered. All with TLS, or none (a unix socket goes with either). */
  nodes: readonly string[];
  /** For all nodes; user information in a node's URL goes before it. */
  username?: string;
  password?: string;
  /** For `rediss://` and `valkeys://`; given with plain URLs it is an error, so that nothing goes out in plain text by mistake. */
  tls?: ConnectionOptions;
  /** For NAT, containers and TLS ports. Addresses that it does not know are dialled as announced. */
  addressMap?: AddressMap;
  /** How often nodes are asked while all is well. Default 1000. */
  probeIntervalMs?: number;
  /** How often while there is no primary; less often the longer that lasts. Default 20. */
  seekIntervalMs?: number;
  /** Bounds the dial and, separately, each answer. Default 2000. */
  connectTimeoutMs?: number;
  /** Hears everything that happens in the watch, also when others share it; once, however many of them give the same function. */
  onEvent?: (event: TopologyEvent) => void;
  transport?: Transport;
  clock?: Clock;
}

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** The options after checking. */
export interface WatchPlan {
  readonly seeds: readonly Address[];
  readonly config: WatchConfig;
  readonly tls: ConnectionOptions | undefined;
  /** For a node by its key. */
  credentialsOf(node: string): Credentials;
  /** Equal for options that can share a watch, apart from objects and functions, which are compared by identity. */
  readonly key: string;
}

/** @throws OptionError */
export function planWatch(options: TopologyOptions): WatchPlan {
  if (options.nodes.length === 0) throw new OptionError('SEGUE_OPTION_VALUE', 'nodes: at least one node is needed');
  const urls = options.nodes.map((url) => parseNodeUrl(url));
  const tcp = urls.filter((url) => url.address.kind === 'tcp');
  const withTls = tcp.filter((url) => url.tls);
  if (withTls.length > 0 && withTls.length < tcp.length) {
    throw new OptionError('SEGUE_OPTION_VALUE', 'nodes: either all URLs ask for TLS, or none');
  }
  if (options.tls && tcp.length > 0 && withTls.length === 0) {
    throw new OptionError('SEGUE_OPTION_VALUE', 'tls: needs rediss:// or valkeys:// URLs');
  }
  const tls = withTls.length > 0 || options.tls ? (options.tls ?? {}) : undefined;
  const config = configOf(options, tls !== undefined);
  const byNode = new Map(urls.map((url) => [formatAddress(url.address), url]));
  const common = commonCredentials(options, urls);
  const seeds = [...byNode.values()].map((url) => url.address);
  return {
    seeds,
    config,
    tls,
    credentialsOf: (node) => credentialsIn(byNode.get(node)) ?? common,
    key: JSON.stringify([[...byNode.keys()].sort(), common, tls !== undefined, config]),
  };
}

function configOf(options: TopologyOptions, tls: boolean): WatchConfig {
  const probeIntervalMs = bound('probeIntervalMs', options.probeIntervalMs ?? 1000, 10, 3_600_000);
  return {
    probeIntervalMs,
    seekIntervalMs: Math.min(bound('seekIntervalMs', options.seekIntervalMs ?? 20, 1, 60_000), probeIntervalMs),
    connectTimeoutMs: bound('connectTimeoutMs', options.connectTimeoutMs ?? 2000, 1, 600_000),
    tls,
    mapAddress: (announced) => mapped(options.addressMap, announced),
  };
}

function bound(name: string, value: number, min: number, max: number): number {
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw new OptionError('SEGUE_OPTION_VALUE', `${name}: expected ${min} to ${max} milliseconds`);
}

function mapped(map: AddressMap | undefined, endpoint: Endpoint): Address | undefined {
  const announced: Address = { kind: 'tcp', ...endpoint };
  if (!map) return announced;
  const name = formatAddress(announced);
  const target = typeof map === 'function' ? map(name) : Object.hasOwn(map, name) ? map[name] : name;
  return target === undefined ? undefined : parseAddress(target);
}

/** Nodes that are discovered get the credentials of the options, or else of the first seed that has some. */
function commonCredentials(options: TopologyOptions, urls: readonly NodeUrl[]): Credentials {
  if (options.password !== undefined) return { username: options.username, password: options.password };
  const first = urls.find((url) => url.password !== undefined);
  return { username: first?.username ?? options.username, password: first?.password };
}

function credentialsIn(url: NodeUrl | undefined): Credentials | undefined {
  return url?.password === undefined ? undefined : { username: url.username, password: url.password };
}
