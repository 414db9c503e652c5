import type { ConnectionOptions } from 'node:tls';
import { lagFault, type SegueOptions } from '../doors/options.js';
import { type Address, checkTls, formatAddress, type ListenTls, parseAddress } from '../transport/index.js';
import { nearestName } from '../transport/nearest-name.js';
import { GatewayError } from './gateway-error.js';
import { DEFAULT_LIMITS, LIMITS, type Limits } from './limits.js';
import { GUARDED } from './policy.js';

/** What every listener has, whatever its kind. */
export interface CommonListenerOptions {
  /** For logs and metrics. Default: its address. */
  readonly name?: string;
  /** `host:port` (port 0: any free one) or `unix:/path`. */
  readonly listen: string;
  /** Given: TLS. With `requestCert`, `rejectUnauthorized` and `ca`: only for clients with a certificate. */
  readonly tls?: ListenTls;
  /** Clients come through a load balancer that says who they are (PROXY protocol, version 2). Those without are closed. */
  readonly proxyProtocol?: boolean;
  /** Permissions of a unix socket. Default 0o700. */
  readonly unixMode?: number;
  readonly limits?: Partial<Limits>;
}

/** One stable address: clients are carried from primary to primary. */
export interface FollowListenerOptions extends CommonListenerOptions {
  /** The default. */
  readonly kind?: 'follow';
  /** Guarded commands (policy.ts) that are let through all the same. */
  readonly allow?: readonly string[];
  /**
   * Commands of many clients go over one connection where that makes no difference to them. Default true; false: every
   * client has a connection of its own.
   */
  readonly share?: boolean;
  /** Clients must log in before the handshake limit is over. */
  readonly loginRequired?: boolean;
}

/** A sidecar for one node: clients that can be redirected are, as by Valkey 9, whatever the server is. */
export interface NodeListenerOptions extends CommonListenerOptions {
  readonly kind: 'node';
  /** URL of the node. Its TLS, and its user where the URL names none, are the gateway's. */
  readonly node: string;
  /** Redirects also scripts, PUBLISH and WAIT. */
  readonly strict?: boolean;
  /** `moved`: `-MOVED -1 host:port`, to every client. Default `redirect`. */
  readonly reply?: 'redirect' | 'moved';
  /** What clients are told instead of the address that the nodes have of each other. */
  readonly addressMap?: Readonly<Record<string, string>>;
}

/** For reading: clients are with replicas in sync, or the primary while there is none. It takes no writes. */
export interface ReplicaListenerOptions extends CommonListenerOptions {
  readonly kind: 'replica';
  /** How much a replica may be behind. Default: `replicaLagMaxMs` of the sessions. */
  readonly lagMaxMs?: number;
  /** Guarded commands (policy.ts) that are let through all the same. */
  readonly allow?: readonly string[];
  /** Clients must log in before the handshake limit is over. */
  readonly loginRequired?: boolean;
}

export type ListenerOptions = FollowListenerOptions | NodeListenerOptions | ReplicaListenerOptions;

export interface GatewayOptions {
  /** URLs of nodes of the pair. One is enough: it names the others. `node` listeners do without. */
  readonly nodes?: readonly string[];
  /** The gateway's own, for watching the nodes. Clients log in as themselves. */
  readonly username?: string;
  readonly password?: string;
  /** For the connections to the nodes. */
  readonly tls?: ConnectionOptions;
  readonly listeners: readonly ListenerOptions[];
  /** Of sessions and the watch over the pair, as for a connector. */
  readonly session?: Omit<SegueOptions, 'nodes' | 'onEvent' | ReservedOption>;
  /** How long clients that are owed something may stay when the gateway stops. Default 30 000. */
  readonly drainTimeoutMs?: number;
  /**
   * While only a few clients are busy, waits awake for up to 0.2 ms for what comes next: it answers sooner, and uses more
   * of its core. Default true; without effect where there is only one core.
   */
  readonly busyPoll?: boolean;
}

/** The limits of a listener say these. */
const reserved = ['replayBytesMax', 'replayCommandsMax', 'commandBytesMax'] as const;
type ReservedOption = (typeof reserved)[number];

/** By which a listener is known: in logs, metrics, and to a new configuration. */
export const nameOf = ({ name, listen }: ListenerOptions): string => name ?? listen;

/** @throws GatewayError that names the option and says what it may be. */
export function checkGatewayOptions({ nodes = [], listeners, session }: GatewayOptions): void {
  if (listeners.length === 0) throw refused('at least one listener is needed');
  for (const listener of listeners) {
    checkListener(listener, nodes);
    if (listener.kind === 'replica') checkLag(listener, session);
  }
  for (const name of reserved) {
    if (session !== undefined && name in session) throw refused(`${name} follows from the limits of a listener`);
  }
  const name = repeated(listeners.map(nameOf));
  if (name !== undefined) throw refused(`two listeners are called ${name}`);
  const fixed = listeners
    .map(({ listen }) => listenAddress(listen))
    .filter((one) => one.kind === 'unix' || one.port > 0);
  const address = repeated(fixed.map(formatAddress));
  if (address !== undefined) throw refused(`two listeners are to listen on ${address}`);
}

function repeated(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) !== index);
}

function checkListener(options: ListenerOptions, nodes: readonly string[]): void {
  listenAddress(options.listen);
  limitsOf(options.limits);
  checkCertificate(options);
  if (options.kind === 'node') return;
  if (nodes.length === 0) throw refused(`which pair does ${options.listen} follow? At least one node is needed`);
  for (const name of options.allow ?? []) {
    if (!Object.hasOwn(GUARDED, name.toLowerCase())) {
      throw refused(`"allow" names ${name}, which is not guarded; there are ${Object.keys(GUARDED).join(', ')}`);
    }
  }
}

function checkCertificate(options: ListenerOptions): void {
  if (options.tls === undefined) return;
  try {
    checkTls(options.tls);
  } catch (error) {
    throw refused(`the certificate or key of listener ${nameOf(options)} cannot be used: ${(error as Error).message}`);
  }
}

/** Nobody is read from where nothing may lag: then a listener that follows is what is meant. */
function checkLag({ listen, lagMaxMs }: ReplicaListenerOptions, session: GatewayOptions['session'] = {}): void {
  const replicaLagMaxMs = lagMaxMs ?? session.replicaLagMaxMs;
  if (replicaLagMaxMs === undefined) return;
  const fault = replicaLagMaxMs > 0 ? lagFault({ ...session, replicaLagMaxMs }) : 'it must be more than 0';
  if (fault !== undefined) throw refused(`the lag that ${listen} may serve: ${fault}`);
}

/** @throws GatewayError */
export function listenAddress(text: string): Address {
  const free = /^(.+):0$/.exec(text);
  const address = parseAddress(free === null ? text : `${free[1]}:1`);
  if (address === undefined) throw refused(`cannot listen on ${JSON.stringify(text)}: host:port or unix:/path`);
  return free !== null && address.kind === 'tcp' ? { ...address, port: 0 } : address;
}

/** Those that are not given are the defaults. @throws GatewayError */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(LIMITS, name)) {
      const hint = nearestName(name, Object.keys(LIMITS)) ?? Object.keys(LIMITS).join(', ');
      throw refused(`there is no limit "${name}"; did you mean ${hint}?`);
    }
    const { unit, min, max } = LIMITS[name as keyof Limits];
    const fits = Number.isInteger(value) && value >= min && value <= max;
    if (!fits) throw refused(`limit "${name}" must be a whole number of ${unit} from ${min} to ${max}`);
  }
  return { ...DEFAULT_LIMITS, ...given };
}

function refused(message: string): GatewayError {
  return new GatewayError('SEGUE_GATEWAY_CONFIG', message);
}
