import { type Reply, ReplyError } from '../resp/decode.js';
import type { Conversation } from './conversation.js';
import { ConversationError } from './conversation-error.js';
import {
  type Identity,
  parseIdentity,
  parseReport,
  parseRole,
  type Report,
  UNKNOWN_IDENTITY,
} from './replication-report.js';

/** What a node answered. `roleOnly`: INFO is denied to our user, so there are no replication ids. */
export interface Probe {
  readonly identity: Identity;
  readonly report: Report;
  readonly roleOnly: boolean;
}

/**
 * Asks one node, over one conversation, what it is. All requests of a probe leave in one write, so a probe takes one
 * round trip; the first one also asks for what does not change.
 */
export class NodeProbe {
  readonly #conversation: Conversation;
  #asked: Promise<Identity> | undefined;
  #identity = UNKNOWN_IDENTITY;
  #roleOnly = false;
  /** A server that is loading its data at its start says master, and has no ids yet. Once loaded, it stays so. */
  #mayBeLoading = true;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Rejects with a ConversationError, or a ReplyError when the server answers neither INFO nor ROLE. */
  async run(): Promise<Probe> {
    const report = await (this.#mayBeLoading ? this.#introduce() : this.#askReport(false));
    return { identity: this.#identity, report, roleOnly: this.#roleOnly };
  }

  async #introduce(): Promise<Report> {
    this.#asked ??= this.#askIdentity();
    const loading = this.#askLoading();
    const [identity, isLoading, report] = await Promise.all([this.#asked, loading, this.#askReport(loading)]);
    this.#identity = identity;
    if (!isLoading) this.#mayBeLoading = false;
    return report;
  }

  async #askIdentity(): Promise<Identity> {
    try {
      return parseIdentity(String(await this.#conversation.request(['INFO', 'server'])));
    } catch (error) {
      if (isDenied(error)) return UNKNOWN_IDENTITY;
      throw error;
    }
  }

  async #askLoading(): Promise<boolean> {
    try {
      await this.#conversation.request(['PING']);
      return false;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      return error.code === 'LOADING';
    }
  }

  async #askReport(loading: Promise<boolean> | false): Promise<Report> {
    if (this.#roleOnly) return this.#askRole(loading);
    try {
      const reply = this.#conversation.request(['INFO', 'replication']);
      return this.#understood(parseReport(String(await reply), await loading));
    } catch (error) {
      if (!isDenied(error)) throw error;
      this.#roleOnly = true;
      return this.#askRole(loading);
    }
  }

  async #askRole(loading: Promise<boolean> | false): Promise<Report> {
    const reply: Reply = await this.#conversation.request(['ROLE']);
    return this.#understood(parseRole(reply, await loading));
  }

  #understood(report: Report | undefined): Report {
    if (report) return report;
    throw new ConversationError('SEGUE_CONVERSATION_GARBLED', 'it is no server with data: it names no role');
  }
}

function isDenied(error: unknown): boolean {
  return error instanceof ReplyError && (error.code === 'NOPERM' || /unknown command/i.test(error.message));
}
