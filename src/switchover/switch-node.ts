import { type Reply, ReplyError } from '../resp/index.js';
import { Conversation } from '../topology/index.js';
import { type Clock, formatAddress, type NodeUrl, parseNodeUrl, type Transport } from '../transport/index.js';
import { endpointOf, type SwitchOptions } from './switch-options.js';

/** What ROLE says, as far as a switch is concerned. */
export interface Role {
  readonly role: 'primary' | 'replica' | 'other';
  readonly offset: number;
  /** Of a replica: whom it follows, and whether the stream is running. */
  readonly following?: { readonly host: string; readonly port: number; readonly connected: boolean };
}

/** One node of the pair and the conversation with it, which can be made anew. */
export class SwitchNode {
  /** `host:port`, never with a password. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  private readonly url: NodeUrl;
  private conversation: Conversation | undefined;
  /** The server's number for our last connection there. */
  private clientId: number | undefined;

  constructor(
    url: string,
    private readonly options: SwitchOptions,
    private readonly timeoutMs: number,
    private readonly io: { readonly clock: Clock; readonly transport: Transport },
  ) {
    this.url = parseNodeUrl(url);
    ({ host: this.host, port: this.port } = endpointOf(url));
    this.name = formatAddress(this.url.address);
  }

  /** (Re)connects. What an earlier connection has sent and the server has not read is never executed after this. */
  async connect(): Promise<void> {
    const earlier = this.clientId;
    this.close();
    const { username = this.options.username, password = this.options.password, tls } = this.url;
    this.conversation = new Conversation({
      address: this.url.address,
      connectTimeoutMs: this.timeoutMs,
      name: 'segue-switch',
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls: this.options.tls ?? {} } : {}),
      ...this.io,
    });
    await this.conversation.ready;
    this.clientId = Number(await this.ask('CLIENT', 'ID'));
    // Answers the number of connections closed: 0 when it is gone already.
    if (earlier !== undefined) await this.ask('CLIENT', 'KILL', 'ID', earlier);
  }

  /** Rejects with ReplyError (the server refused) or ConversationError (nobody knows). */
  ask(...args: readonly (string | number)[]): Promise<Reply> {
    if (this.conversation === undefined) return Promise.reject(new Error(`${this.name}: not connected`));
    return this.conversation.request(args);
  }

  async role(): Promise<Role> {
    const reply = await this.ask('ROLE');
    if (!Array.isArray(reply)) return { role: 'other', offset: -1 };
    if (reply[0] === 'master') return { role: 'primary', offset: Number(reply[1]) };
    if (reply[0] !== 'slave') return { role: 'other', offset: -1 };
    const following = { host: String(reply[1]), port: Number(reply[2]), connected: reply[3] === 'connected' };
    return { role: 'replica', offset: Number(reply[4]), following };
  }

  async info(section: string): Promise<ReadonlyMap<string, string>> {
    const text = String(await this.ask('INFO', section));
    const lines = text.split('\r\n').map((line) => line.split(/:(.*)/s));
    return new Map(lines.filter((parts) => parts.length > 1).map(([name, value]) => [name!, value!]));
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
