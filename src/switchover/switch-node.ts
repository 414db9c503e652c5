import { type Reply, ReplyError } from '../resp/index.js';
import { Conversation, type ConversationOptions, parseInfo } from '../topology/index.js';
import {
  type Clock,
  formatAddress,
  type Link,
  type LinkHandlers,
  type NodeUrl,
  parseNodeUrl,
  type Transport,
} from '../transport/index.js';
import { endpointOf, type SwitchAccess } from './switch-options.js';

/** One command, its name first. */
export type Order = readonly (string | number)[];

/** What ROLE says, as far as a switch is concerned. */
export interface Role {
  readonly role: 'primary' | 'replica' | 'other';
  readonly offset: number;
  /** Of a replica: whom it follows, and whether the stream is running. */
  readonly following?: { readonly host: string; readonly port: number; readonly connected: boolean };
  /** Of a primary: how many replicas are online. */
  readonly replicas?: number;
}

/** The name of a switch's connections, by which its successor finds what a dead operator may have left on its way. */
export const CONNECTION_NAME = 'segue-switch';

/** One node of the pair and the conversation with it, which can be made anew. */
export class SwitchNode {
  /** `host:port`, never with a password. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  private readonly url: NodeUrl;
  private conversation: Conversation | undefined;
  /** The server's number for our last connection there. */
  private clientId: number | undefined;

  constructor(
    url: string,
    private readonly access: SwitchAccess,
    private readonly timeoutMs: number,
    private readonly io: { readonly clock: Clock; readonly transport: Transport },
  ) {
    this.url = parseNodeUrl(url);
    ({ host: this.host, port: this.port } = endpointOf(url));
    this.name = formatAddress(this.url.address);
    this.tls = this.url.tls;
  }

  /** (Re)connects. What an earlier connection has sent and the server has not read is never executed after this. */
  async connect(): Promise<void> {
    const earlier = this.clientId;
    this.close();
    this.conversation = this.dial(CONNECTION_NAME);
    await this.conversation.ready;
    this.clientId = Number(await this.ask('CLIENT', 'ID'));
    // Answers the number of connections closed: 0 when it is gone already.
    if (earlier !== undefined) await this.ask('CLIENT', 'KILL', 'ID', earlier);
  }

  /** A further conversation with the node, the caller's to close. */
  dial(name: string, more: Partial<ConversationOptions> = {}): Conversation {
    const { username = this.access.username, password = this.access.password, tls } = this.url;
    return new Conversation({
      address: this.url.address,
      connectTimeoutMs: this.timeoutMs,
      name,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: this.access.tls ?? {} } : {}),
      ...this.io,
      ...more,
    });
  }

  /** A bare connection, not logged in. */
  link(handlers: LinkHandlers): Link {
    const tls = this.url.tls ? { tls: this.access.tls ?? {} } : {};
    return this.io.transport.dial(this.url.address, handlers, { connectTimeoutMs: this.timeoutMs, ...tls });
  }

  /** What logs in at the node; undefined where nothing is needed. */
  get login(): Order | undefined {
    const { username = this.access.username, password = this.access.password } = this.url;
    if (password === undefined) return undefined;
    return username === undefined ? ['AUTH', password] : ['AUTH', username, password];
  }

  get connected(): boolean {
    return this.conversation !== undefined && !this.conversation.closed;
  }

  /** Rejects with ReplyError (the server refused) or ConversationError (nobody knows). Orders of one tick leave in one write. */
  ask(...args: Order): Promise<Reply> {
    if (this.conversation === undefined) return Promise.reject(new Error(`${this.name}: not connected`));
    return this.conversation.request(args);
  }

  /** All in one write. Resolves with replies, refusals among them; rejects when the connection is lost. */
  askAll(orders: readonly Order[]): Promise<(Reply | ReplyError)[]> {
    return Promise.all(
      orders.map((order) =>
        this.ask(...order).catch((error: unknown) => {
          if (SwitchNode.refused(error)) return error;
          throw error;
        }),
      ),
    );
  }

  async role(): Promise<Role> {
    const reply = await this.ask('ROLE');
    if (!Array.isArray(reply)) return { role: 'other', offset: -1 };
    const [role, second, third] = reply;
    if (role === 'master') {
      return { role: 'primary', offset: Number(second), replicas: Array.isArray(third) ? third.length : 0 };
    }
    if (role !== 'slave') return { role: 'other', offset: -1 };
    const following = { host: String(second), port: Number(third), connected: reply[3] === 'connected' };
    return { role: 'replica', offset: Number(reply[4]), following };
  }

  async info(section: string): Promise<ReadonlyMap<string, string>> {
    return parseInfo(String(await this.ask('INFO', section)));
  }

  /** Parameters by name; those that the server does not know are left out. Rejects with ReplyError when CONFIG is denied. */
  async config(...names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const replies = await Promise.all(names.map((name) => this.ask('CONFIG', 'GET', name)));
    const found = new Map<string, string>();
    for (const reply of replies) {
      if (!Array.isArray(reply)) continue;
      for (let at = 0; at + 1 < reply.length; at += 2) found.set(String(reply[at]), String(reply[at + 1]));
    }
    return found;
  }

  /** Whether `error` is the server's own answer, so that the command had no effect. */
  static refused(error: unknown): error is ReplyError {
    return error instanceof ReplyError;
  }

  close(): void {
    this.conversation?.close();
    this.conversation = undefined;
  }
}
