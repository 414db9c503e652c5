import { randomBytes } from 'node:crypto';
import { type CommandTable, type Reply, ReplyError } from '../../resp/index.js';
import type { Endpoint } from '../../topology/index.js';
import { Conversation, type ConversationOptions } from '../../topology/index.js';
import { type Clock, clock, type Timer } from '../../transport/index.js';
import { type Standing, standingOfInfo, standingOfRole, UNKNOWN } from './standing.js';

export interface NodeWatchOptions {
  /** How the node is reached and with which user; it needs INFO (or ROLE), and, to see a demotion at once, BLPOP. */
  readonly conversation: Omit<ConversationOptions, 'onClose' | 'onPush' | 'name'>;
  /** How often the role is asked for when nothing else tells it. Default 100. */
  readonly intervalMs?: number;
  /** How long a client's command waits for an answer about the role; then what was known last counts. Default 200. */
  readonly confirmTimeoutMs?: number;
  readonly clock?: Clock;
  /** What the node says of its commands is learnt here. */
  readonly table: CommandTable;
}

/** The answer to `confirm()`. `silent`: the node did not answer in time (CLIENT PAUSE ALL, or worse); this was so before. */
export interface Verdict {
  readonly standing: Standing;
  readonly silent: boolean;
}

interface Waiter {
  /** Only a probe with a higher number was asked after the question. */
  readonly after: number;
  readonly tell: (verdict: Verdict) => void;
  readonly untilMs: number;
}

const INTERVAL_MS = 100;
const CONFIRM_TIMEOUT_MS = 200;
/** While a failover is in progress, and between attempts to reach a node that is gone. */
const RETRY_MS = 10;
const NAME = 'segue-node-watch';
/** The tripwire waits for as long as timers can. */
const WEEKS_MS = 2_000_000_000;

/**
 * Keeps the role of one node. It is asked for in intervals, whenever a client's command depends on it, and as soon as
 * anything hints at a change. A *tripwire* makes that a matter of microseconds: a connection that waits in BLPOP for a
 * list that nobody will ever write is thrown out by the server in the moment of its demotion.
 */
export class NodeWatch {
  #last: Standing = UNKNOWN;
  #suspect = true;
  #named: Endpoint | undefined;
  #conversation: Conversation | undefined;
  #tripwire: Conversation | undefined;
  #roleOnly = false;
  #clustered = false;
  #begun = 0;
  #asking = false;
  #waiters: Waiter[] = [];
  #pollTimer: Timer | undefined;
  #waitTimer: Timer | undefined;
  #closed = false;
  readonly #clock: Clock;
  readonly #arity = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #reason: string | undefined = 'the node has not answered yet';

  constructor(private readonly options: NodeWatchOptions) {
    this.#clock = options.clock ?? clock;
    this.#ask();
  }

  /** What is believed now: `unknown` from the first hint of a change until the node has said what it is. */
  get standing(): Standing {
    return this.#suspect ? UNKNOWN : this.#last;
  }

  /** It is one of a cluster. */
  get clustered(): boolean {
    return this.#clustered;
  }

  /** Whom the node followed when it last followed somebody. */
  get named(): Endpoint | undefined {
    return this.#named;
  }

  /** Why the node cannot be asked; undefined when it can. */
  get unready(): string | undefined {
    return this.#reason;
  }

  /** The node's arity of a command: negative for "at least". Undefined for a command that it does not know. */
  arityOf(name: string): number | undefined {
    return this.#arity.get(name);
  }

  /** False until the node has told its commands. */
  get knowsCommands(): boolean {
    return this.#arity.size > 0;
  }

  /** Something hints at a change. */
  suspect(): void {
    if (!this.#suspect) this.#change(() => (this.#suspect = true));
    this.#ask();
  }

  /** Tells what the node is, as it says after this call. A failover in progress is waited for. Never synchronous. */
  confirm(tell: (verdict: Verdict) => void): void {
    const untilMs = this.#clock.now() + (this.options.confirmTimeoutMs ?? CONFIRM_TIMEOUT_MS);
    this.#waiters.push({ after: this.#begun, tell, untilMs });
    this.#watchWaiters();
    this.#ask();
  }

  /**
   * Whether a key was changed that the connection of this CLIENT ID watches. Undefined: it cannot be known, because the watch's
   * user may not ask or the node does not answer.
   */
  async isDirty(clientId: string | undefined): Promise<boolean | undefined> {
    if (clientId === undefined) return undefined;
    try {
      const line = String(await this.#connect().request(['CLIENT', 'LIST', 'ID', clientId]));
      const flags = / flags=(\w+) /.exec(line)?.[1];
      return flags === undefined ? undefined : flags.includes('d');
    } catch {
      return undefined;
    }
  }

  /** Tells of every change of `standing`. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#clock.clearTimer(this.#pollTimer);
    this.#clock.clearTimer(this.#waitTimer);
    this.#conversation?.close();
    this.#tripwire?.close();
    this.#waiters = [];
  }

  #change(make: () => void): void {
    const before = this.standing.role;
    make();
    if (this.standing.role !== before) for (const listener of [...this.#listeners]) listener();
  }

  #ask(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    this.#clock.clearTimer(this.#pollTimer);
    const probe = ++this.#begun;
    this.#role().then(
      (standing) => this.#answered(probe, standing),
      (error: Error) => this.#failed(error),
    );
  }

  async #role(): Promise<Standing> {
    const conversation = this.#connect();
    if (!this.#roleOnly) {
      try {
        return standingOfInfo(String(await conversation.request(['INFO', 'replication'])));
      } catch (error) {
        if (!(error instanceof ReplyError) || error.code !== 'NOPERM') throw error;
        this.#roleOnly = true;
      }
    }
    return standingOfRole(await conversation.request(['ROLE']));
  }

  #connect(): Conversation {
    if (this.#conversation !== undefined && !this.#conversation.closed) return this.#conversation;
    const conversation = new Conversation({ ...this.options.conversation, name: NAME, unref: true });
    this.#conversation = conversation;
    // A restart may have brought another version.
    conversation
      .request(['COMMAND'])
      .then((reply) => this.#learn(reply))
      .catch(() => {});
    conversation
      .request(['INFO', 'cluster'])
      .then((info) => {
        this.#clustered = String(info).includes('cluster_enabled:1');
      })
      .catch(() => {});
    return conversation;
  }

  #learn(reply: Reply): void {
    if (!Array.isArray(reply)) return;
    for (const entry of reply) {
      if (!Array.isArray(entry)) continue;
      const [name, arity, flags] = entry;
      if (typeof name !== 'string' || typeof arity !== 'number' || !Array.isArray(flags)) continue;
      this.#arity.set(name.toLowerCase(), arity);
      this.options.table.learn(name, flags.map(String));
    }
  }

  #answered(probe: number, standing: Standing): void {
    if (this.#closed) return;
    this.#asking = false;
    this.#reason = undefined;
    if (standing.role === 'replica') this.#named = standing.primary;
    this.#change(() => {
      this.#last = standing;
      this.#suspect = false;
    });
    this.#armTripwire();
    if (standing.role !== 'failing-over') this.#tell((waiter) => waiter.after < probe, { standing, silent: false });
    if (standing.role === 'failing-over' || standing.role === 'unknown') this.#askIn(RETRY_MS);
    else if (this.#waiters.length > 0) this.#ask();
    else this.#askIn(this.options.intervalMs ?? INTERVAL_MS);
  }

  #failed(error: Error): void {
    if (this.#closed) return;
    this.#asking = false;
    this.#reason = error.message;
    this.#change(() => (this.#suspect = true));
    this.#tell(() => true, { standing: this.#last, silent: true });
    this.#askIn(this.options.intervalMs ?? INTERVAL_MS);
  }

  #askIn(ms: number): void {
    this.#clock.clearTimer(this.#pollTimer);
    this.#pollTimer = this.#clock.setTimer(ms, () => this.#ask(), { unref: true });
  }

  #tell(due: (waiter: Waiter) => boolean, verdict: Verdict): void {
    const told = this.#waiters.filter(due);
    this.#waiters = this.#waiters.filter((waiter) => !due(waiter));
    for (const waiter of told) waiter.tell(verdict);
  }

  /** Who waits is told something in the end. But a node that answers, and is in a failover, is waited for as long as it lasts. */
  #watchWaiters(): void {
    const first = this.#waiters[0];
    if (this.#waitTimer !== undefined || first === undefined || this.#closed) return;
    const ms = Math.max(RETRY_MS, first.untilMs - this.#clock.now());
    this.#waitTimer = this.#clock.setTimer(
      ms,
      () => {
        this.#waitTimer = undefined;
        const nowMs = this.#clock.now();
        if (this.#last.role !== 'failing-over' || this.#suspect)
          this.#tell((waiter) => waiter.untilMs <= nowMs, { standing: this.#last, silent: true });
        this.#watchWaiters();
      },
      { unref: true },
    );
  }

  #armTripwire(): void {
    if (this.#last.role !== 'primary' || (this.#tripwire !== undefined && !this.#tripwire.closed)) return;
    const tripwire = new Conversation({
      ...this.options.conversation,
      name: NAME,
      unref: true,
      requestTimeoutMs: WEEKS_MS,
    });
    this.#tripwire = tripwire;
    tripwire.request(['BLPOP', `segue:tripwire:${randomBytes(16).toString('hex')}`, '0']).catch((error: unknown) => {
      if (this.#closed || tripwire !== this.#tripwire) return;
      // Denied: then the intervals must do. The connection stays, so that this is not tried again and again.
      if (error instanceof ReplyError && error.code === 'NOPERM') return;
      tripwire.close();
      this.suspect();
    });
  }
}
