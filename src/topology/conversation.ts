import type { ConnectionOptions } from 'node:tls';
import { decodeReply, type Reply, ReplyError } from '../resp/decode.js';
import { encodeCommand } from '../resp/encode.js';
import {
  type Address,
  type Clock,
  clock,
  formatAddress,
  type Link,
  netTransport,
  type Timer,
  type Transport,
} from '../transport/index.js';
import { ConversationError } from './conversation-error.js';

export interface ConversationOptions {
  address: Address;
  /** Also bounds TLS. */
  connectTimeoutMs: number;
  /** From sending a request to its reply. Default: connectTimeoutMs. */
  requestTimeoutMs?: number;
  username?: string;
  password?: string;
  tls?: ConnectionOptions;
  /** CLIENT SETNAME. Default segue-topology. */
  name?: string;
  /** Requests that may wait for a reply. Default 1024. */
  pendingMax?: number;
  /** A reply, or a pushed message, larger than this ends the conversation. Default 64 MiB. */
  replyBytesMax?: number;
  /** Does not keep the process alive. */
  unref?: boolean;
  transport?: Transport;
  clock?: Clock;
  /** Pub/sub messages and RESP3 pushes, in order with the replies. */
  onPush?: (message: Reply[]) => void;
  /** Exactly once, before the pending requests reject. No error after close(). */
  onClose?: (error?: ConversationError) => void;
}

interface Pending {
  /** When it was sent, or could have been. */
  sentMs: number;
  readonly settle: (reply: Reply) => void;
  readonly fail: (error: ConversationError) => void;
  /** SUBSCRIBE a b c has three replies; the request settles with the last. */
  repliesLeft: number;
}

const PENDING_MAX = 1024;
const REPLY_BYTES_MAX = 64 * 1024 * 1024;
const NO_BYTES = Buffer.alloc(0);
/** For what is to be done before anything else comes: cheaper than a microtask of Node's own, which is a resource to it. */
const SOON = Promise.resolve();
const SUBSCRIBERS = new Set(['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe']);
const MESSAGES = new Set(['message', 'pmessage', 'smessage']);

/**
 * Requests and decoded replies over one connection (RESP2), for control, not for data. Requests are pipelined: those
 * made before the connection is open go out with the handshake (AUTH, CLIENT SETNAME) in one write.
 * It never reconnects: when it is closed, make another.
 */
export class Conversation {
  /** Settles when the handshake has been answered; rejects with a ConversationError. */
  readonly ready: Promise<void>;
  readonly #options: ConversationOptions;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #pending: Pending[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';
  #error: ConversationError | undefined;
  #unread: Buffer = NO_BYTES;
  #timer: Timer | undefined;
  /** What this tick has asked for. */
  #outgoing: Buffer[] = [];
  #opened = false;
  #subscriber = false;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? clock;
    this.#link = (options.transport ?? netTransport).dial(
      options.address,
      {
        onOpen: () => this.#onOpen(),
        onData: (chunk) => this.#onData(chunk),
        onWritable() {},
        onClose: (error) => this.#onClose(error),
      },
      {
        connectTimeoutMs: options.connectTimeoutMs,
        ...(options.tls && options.address.kind === 'tcp' ? { tls: options.tls } : {}),
        ...(options.unref === undefined ? {} : { unref: options.unref }),
      },
    );
    this.ready = this.#shakeHands();
    this.ready.catch(() => {});
  }

  get closed(): boolean {
    return this.#state !== 'open';
  }

  /** Requests without a reply so far. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Resolves with the reply; rejects with a ReplyError (the server's own error, the conversation goes on) or a
   * ConversationError. Replies come in the order of the requests.
   */
  request(args: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    if (this.#state !== 'open') return Promise.reject(this.#error ?? this.#closedError());
    if (this.#pending.length >= (this.#options.pendingMax ?? PENDING_MAX)) {
      return Promise.reject(this.#makeError('SEGUE_CONVERSATION_FULL', 'too many requests are waiting for a reply'));
    }
    return new Promise((resolve, reject) => {
      this.#send(args, (reply) => (reply instanceof ReplyError ? reject(reply) : resolve(reply)), reject);
    });
  }

  /** At once: pending requests reject with SEGUE_CONVERSATION_CLOSED. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#link.close();
  }

  /** `settle` is called while the reply is read, before the next reply is. */
  #send(args: readonly (string | number | Uint8Array)[], settle: Pending['settle'], fail: Pending['fail']): void {
    this.#write(encodeCommand(args));
    const isSubscriber = SUBSCRIBERS.has(String(args[0]).toLowerCase());
    if (isSubscriber) this.#subscriber = true;
    const repliesLeft = isSubscriber ? Math.max(1, args.length - 1) : 1;
    this.#pending.push({ sentMs: this.#clock.now(), settle, fail, repliesLeft });
    this.#watchTime();
  }

  /** What one tick asks for leaves in one write. */
  #write(bytes: Buffer): void {
    if (this.#outgoing.push(bytes) > 1) return;
    SOON.then(() => {
      const outgoing = this.#outgoing;
      this.#outgoing = [];
      this.#link.write(outgoing.length === 1 ? bytes : Buffer.concat(outgoing));
    });
  }

  /** A refusal must end the conversation before the replies behind it are taken for anything. */
  #shakeHands(): Promise<void> {
    const { username, password, name = 'segue-topology' } = this.#options;
    return new Promise((resolve, reject) => {
      if (password !== undefined) {
        const args = username ? ['AUTH', username, password] : ['AUTH', password];
        this.#send(args, (reply) => this.#checkAuth(reply), reject);
      }
      const settle = (reply: Reply) => {
        const error = this.#checkName(reply);
        if (error) reject(error);
        else resolve();
      };
      this.#send(['CLIENT', 'SETNAME', name], settle, reject);
    });
  }

  #checkAuth(reply: Reply): void {
    if (!(reply instanceof ReplyError)) return;
    // A password for a server that wants none harms nobody; clients accept that too.
    if (!this.#options.username && /without any password configured/.test(reply.message)) return;
    this.#fail('SEGUE_CONVERSATION_AUTH', reply.message);
  }

  #checkName(reply: Reply): ConversationError | undefined {
    if (!(reply instanceof ReplyError)) return undefined;
    if (reply.code === 'NOAUTH') return this.#fail('SEGUE_CONVERSATION_AUTH', reply.message);
    // Protected mode and a full server say so to whatever comes first, and hang up.
    const isTurnedAway = reply.code === 'DENIED' || /max number of clients/.test(reply.message);
    return isTurnedAway ? this.#fail('SEGUE_CONVERSATION_CLOSED', reply.message) : undefined;
  }

  #onOpen(): void {
    this.#opened = true;
    // The dial had its own bound; the time of the requests begins now.
    const nowMs = this.#clock.now();
    for (const pending of this.#pending) pending.sentMs = nowMs;
    this.#watchTime();
  }

  #onData(chunk: Buffer): void {
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let from = 0;
    try {
      for (let one = decodeReply(bytes, from); one && this.#state === 'open'; one = decodeReply(bytes, from)) {
        from = one.end;
        this.#onReply(one.value as Reply);
      }
    } catch (error) {
      this.#fail('SEGUE_CONVERSATION_GARBLED', `not a reply: ${(error as Error).message}`, error);
    }
    this.#unread = from === bytes.length ? NO_BYTES : bytes.subarray(from);
    if (this.#unread.length > (this.#options.replyBytesMax ?? REPLY_BYTES_MAX))
      this.#fail('SEGUE_CONVERSATION_GARBLED', 'the reply is too large');
  }

  #onReply(reply: Reply): void {
    const message = this.#messageIn(reply);
    if (message) {
      this.#options.onPush?.(message);
      return;
    }
    const pending = this.#pending[0];
    if (!pending) {
      // A full server and protected mode answer before they are asked.
      const text = reply instanceof ReplyError ? reply.message : 'a reply to nothing';
      this.#fail('SEGUE_CONVERSATION_GARBLED', text);
      return;
    }
    if (--pending.repliesLeft > 0 && !(reply instanceof ReplyError)) return;
    this.#pending.shift();
    pending.settle(reply);
  }

  #onClose(cause: Error | undefined): void {
    this.#state = 'closed';
    this.#clock.clearTimer(this.#timer);
    if (this.#opened || !cause) this.#error ??= this.#closedError(cause);
    else this.#error ??= new ConversationError('SEGUE_CONVERSATION_CLOSED', cause.message, cause);
    this.#options.onClose?.(this.#error);
    for (const pending of this.#pending.splice(0)) pending.fail(this.#error);
  }

  /** Closes with this error, unless an earlier one is the reason already. */
  #fail(code: ConversationError['code'], reason: string, cause?: unknown): ConversationError {
    this.#error ??= this.#makeError(code, reason, cause);
    this.close();
    return this.#error;
  }

  #makeError(code: ConversationError['code'], reason: string, cause?: unknown): ConversationError {
    return new ConversationError(code, `${formatAddress(this.#options.address)}: ${reason}`, cause);
  }

  #closedError(cause?: Error): ConversationError {
    const reason = cause ? cause.message : `${formatAddress(this.#options.address)}: the connection was closed`;
    return new ConversationError('SEGUE_CONVERSATION_CLOSED', reason, cause);
  }

  /** One timer for the oldest request. */
  #watchTime(): void {
    if (this.#timer || !this.#opened || this.#state !== 'open') return;
    const oldest = this.#pending[0];
    if (!oldest) return;
    const timeoutMs = this.#options.requestTimeoutMs ?? this.#options.connectTimeoutMs;
    const leftMs = oldest.sentMs + timeoutMs - this.#clock.now();
    this.#timer = this.#clock.setTimer(
      Math.max(leftMs, 0) + 1,
      () => {
        this.#timer = undefined;
        if (this.#pending[0] === oldest) this.#fail('SEGUE_CONVERSATION_TIMEOUT', `no reply within ${timeoutMs} ms`);
        else this.#watchTime();
      },
      { unref: this.#options.unref ?? false },
    );
  }

  #messageIn(reply: Reply): Reply[] | undefined {
    if (Array.isArray(reply)) return this.#subscriber && MESSAGES.has(String(reply[0])) ? reply : undefined;
    return typeof reply === 'object' && reply !== null && 'push' in reply ? reply.push : undefined;
  }
}
