import type { ConnectionOptions } from 'node:tls';
import type { TopologyOptions } from '../../topology/index.js';
import { clock, OptionError } from '../../transport/index.js';
import {
  checkOptions,
  DIALS_MAX,
  noticeOptions,
  readOptions,
  type SegueOptions,
  sessionOptions,
  topologyBounds,
} from '../options.js';
import { Pair } from '../pair.js';
import { tell } from '../tell.js';
import { SegueStream } from './stream.js';

/** Of the options that ioredis gives to a connector, those that matter here. */
interface ClientOptions {
  host?: string | null;
  port?: number | null;
  path?: string | null;
  username?: string | null;
  password?: string | null;
  tls?: ConnectionOptions | null;
  sentinels?: unknown;
  disconnectTimeout?: number;
  connectTimeout?: number;
}

const DISCONNECT_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * ioredis' AbstractConnector has private members, so no class of ours is assignable to it, and there are three of them
 * (ioredis 5, 6, iovalkey). This type fits the `Connector` option of each.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type ConnectorClass = new (options: any) => any;

/**
 * For the `Connector` option of ioredis 5, ioredis 6 and iovalkey: the client's connection becomes a session that follows
 * the primary. Host and port (or path) of the client are a seed, unless `nodes` are given; username, password and TLS are
 * the client's. One class may serve any number of clients; those of one pair share the watch over it.
 *
 * Throws OptionError for an unknown or unusable option.
 */
export function segueConnector(options: SegueOptions = {}): ConnectorClass {
  checkOptions(options);
  return class SegueConnector {
    connecting = false;
    firstError: Error | undefined;
    readonly #client: ClientOptions;
    #stream: SegueStream | undefined;

    constructor(client: ClientOptions) {
      if (client.sentinels) {
        throw new OptionError(
          'SEGUE_OPTION_CLIENT',
          'the Connector of Segue does not ask Sentinels: give it `nodes` instead of `sentinels`',
        );
      }
      this.#client = client;
    }

    /** Called by the client whenever it wants a connection. The stream connects by itself, and says so or why not. */
    connect(): Promise<SegueStream> {
      this.connecting = true;
      const stream = new SegueStream({
        pair: new Pair(
          topologyOptions(this.#client, options),
          options.dialsMax ?? DIALS_MAX,
          noticeOptions(options),
          readOptions(options),
        ),
        session: sessionOptions(options),
        connectTimeoutMs: this.#client.connectTimeout ?? CONNECT_TIMEOUT_MS,
        tls: this.#client.tls !== undefined && this.#client.tls !== null,
        onEvent: (event) => tell(options.onEvent, event),
      });
      stream.once('error', (error: Error) => {
        this.firstError = error;
      });
      this.#stream = stream;
      return Promise.resolve(stream);
    }

    /** The client's ready check: that the node is the primary was checked when it was joined. */
    check(): boolean {
      return true;
    }

    disconnect(): void {
      this.connecting = false;
      const stream = this.#stream;
      if (stream === undefined) return;
      const patience = clock.setTimer(this.#client.disconnectTimeout ?? DISCONNECT_TIMEOUT_MS, () => stream.destroy());
      stream.once('close', () => clock.clearTimer(patience));
      stream.end();
    }
  };
}

function topologyOptions(client: ClientOptions, options: SegueOptions): TopologyOptions {
  return {
    ...topologyBounds(options),
    nodes: [...(options.nodes ?? [seed(client)])],
    ...(client.username ? { username: client.username } : {}),
    ...(client.password ? { password: client.password } : {}),
    ...(client.tls ? { tls: client.tls } : {}),
  };
}

function seed(client: ClientOptions): string {
  if (client.path) return `unix:${client.path}`;
  const host = client.host ?? 'localhost';
  const scheme = client.tls ? 'valkeys' : 'valkey';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${client.port ?? 6379}`;
}
