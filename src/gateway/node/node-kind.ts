import type { ConnectionOptions } from 'node:tls';
import { CommandTable } from '../../resp/index.js';
import type { AddressMap, Endpoint } from '../../topology/index.js';
import { formatAddress, OptionError, parseAddress, parseNodeUrl } from '../../transport/index.js';
import type { Limits } from '../limits.js';
import type { Client, ClientHandler, ListenerKind } from '../listener.js';
import { type RedirectForm, redirectTo } from './answers.js';
import { NodeHandler } from './node-handler.js';
import type { NodeHost } from './node-host.js';
import { NodeWatch } from './node-watch.js';

export interface NodeKindOptions {
  /** URL of the node. Its user is the gateway's own, for watching the role: INFO (or ROLE), COMMAND, CLIENT LIST and BLPOP. */
  readonly node: string;
  /** Where the URL names no user. */
  readonly username?: string;
  readonly password?: string;
  /** For a `valkeys://` or `rediss://` URL. */
  readonly tls?: ConnectionOptions;
  /** Redirects also scripts, PUBLISH and WAIT. */
  readonly strict?: boolean;
  /** `moved`: `-MOVED -1 host:port`, to every client, announced or not. Default `redirect`. */
  readonly reply?: RedirectForm;
  /**
   * For each address that the nodes have of each other (`host:port`), the one that clients shall be told: that of the other node's
   * listener, say. What is not in it is told as it is.
   */
  readonly addressMap?: AddressMap;
  readonly connectTimeoutMs?: number;
  readonly watchIntervalMs?: number;
  /** As they are now; they may change. */
  limits(): Limits;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** The kind of listener that makes one node behave as Valkey ≥ 9 does towards clients that can be redirected. */
export class NodeKind implements ListenerKind {
  readonly #host: NodeHost;

  /** @throws OptionError */
  constructor(options: NodeKindOptions) {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS, watchIntervalMs, reply = 'redirect', strict = false } = options;
    const url = parseNodeUrl(options.node);
    checkMap(options.addressMap);
    // A user of the URL goes with its own password, or none.
    const { username, password } = url.password === undefined && url.username === undefined ? options : url;
    const secure = url.tls ? { tls: options.tls ?? {} } : {};
    const node = { address: url.address, connectTimeoutMs, ...secure };
    // One of its own: what this node calls a write need not be one elsewhere.
    const table = new CommandTable();
    const login = {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    };
    const watch = new NodeWatch({
      conversation: { ...node, ...login },
      table,
      ...(watchIntervalMs === undefined ? {} : { intervalMs: watchIntervalMs }),
    });
    this.#host = {
      name: formatAddress(url.address),
      node,
      table,
      everyone: reply === 'moved',
      redirect: (primary) => redirectTo(mapped(options.addressMap, primary), reply),
      strict,
      capable: new Set(),
      limits: options.limits,
      watch,
      // Valkey redirects nothing in a cluster before 9.2; the proposal did, and a slot of -1 says what is meant.
      get ours() {
        if (!watch.clustered) return 'all';
        return reply === 'moved' ? 'keyless' : 'none';
      },
    };
  }

  accept(client: Client): ClientHandler {
    return new NodeHandler(client, this.#host);
  }

  /** Every client is with the node, by a connection of its own. */
  readonly sharedConnections = 0;

  get unready(): string | undefined {
    return this.#host.watch.unready;
  }

  close(): void {
    this.#host.watch.close();
  }
}

function checkMap(map: AddressMap | undefined): void {
  if (map === undefined || typeof map === 'function') return;
  for (const text of Object.entries(map).flat()) {
    if (parseAddress(text)?.kind !== 'tcp')
      throw new OptionError('SEGUE_OPTION_VALUE', `addressMap: ${JSON.stringify(text)} is not host:port`);
  }
}

/** Without a map the literal text: an odd host is the node's to answer for. */
function mapped(map: AddressMap | undefined, primary: Endpoint): Endpoint {
  if (map === undefined) return primary;
  const name = formatAddress({ kind: 'tcp', ...primary });
  const text = typeof map === 'function' ? map(name) : Object.hasOwn(map, name) ? map[name] : name;
  const address = parseAddress(text ?? name);
  return address?.kind === 'tcp' ? address : primary;
}
