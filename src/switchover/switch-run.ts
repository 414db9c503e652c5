import { randomBytes } from 'node:crypto';
import { type Clock, clock, netTransport, OptionError, parseAddress, type Transport } from '../transport/index.js';
import { Fence } from './fence.js';
import type { Journal } from './journal/journal.js';
import type { SentinelOrder, SentinelReport } from './sentinel/index.js';
import { SessionCall } from './session-call.js';
import type { PairAccess } from './survey/index.js';
import { SwitchError } from './switch-error.js';
import { limitsOf, type SwitchLimits } from './switch-limits.js';
import { SwitchLock } from './switch-lock.js';
import { type Order, type Role, SwitchNode } from './switch-node.js';
import type { SwitchOptions } from './switch-options.js';
import type { ErrorCounts, NodeCounts, Resync, StepReport, SwitchReport, TermReport } from './switch-report.js';
import { Ticket } from './ticket.js';
import { Witness } from './witness.js';

/** What a node was found to be when the switch was checked. */
export interface NodeFacts {
  readonly replid: string;
  readonly offset: number;
  readonly runId: string | undefined;
  /** It can keep what CONFIG REWRITE writes. */
  readonly hasFile: boolean;
  /** Of a replica: what it calls its primary. */
  readonly upstream: string | undefined;
  /** Of the primary: how it lists a replica. */
  readonly listedAs: { readonly host: string; readonly port: number } | undefined;
  readonly errors: ErrorCounts;
}

/** Sync counters of the node that becomes primary. */
export interface SyncCounts {
  readonly full: number;
  readonly partial: number;
}

/** What both nodes said of themselves, and when the last of it came. */
export interface Roles {
  readonly from: Role;
  readonly to: Role;
  readonly at: number;
}

/** Mostly what processes say of the hold has come long before the switch is proven. */
const lastWordsMs = 50;

export interface SwitchIo {
  readonly clock?: Clock;
  readonly transport?: Transport;
}

/** What the steps of one switch share and find out. */
export class SwitchRun {
  readonly id: string;
  readonly clock: Clock;
  readonly limits: SwitchLimits;
  readonly from: SwitchNode;
  readonly to: SwitchNode;
  readonly others: readonly SwitchNode[];
  /** What the other nodes are to follow. */
  readonly target: { readonly host: string; readonly port: number };
  readonly lock: SwitchLock;
  readonly fence = new Fence();
  readonly ticket: Ticket;
  readonly witness: Witness;
  readonly sessions: SessionCall;
  readonly facts = new Map<SwitchNode, NodeFacts>();
  journal: Journal | undefined;
  /** When sessions were about to be told to hold. */
  heldAt: number | undefined;
  /** When the order to pause was about to be sent. */
  pausedAt: number | undefined;
  /** Until then A is certain to be paused. */
  pausedUntil: number | undefined;
  /** Asked for with the pause. */
  rolesInPause: Roles | undefined;
  sentinelOrders: readonly SentinelOrder[] = [];
  sentinels: readonly SentinelReport[] = [];
  promotedAt: number | undefined;
  releasedAt: number | undefined;
  offset: number | undefined;
  syncsBefore: SyncCounts | undefined;
  resync: Resync | undefined;
  term: TermReport | undefined;
  counters: NodeCounts[] = [];
  readonly otherResyncs: { node: string; resync: Resync }[] = [];
  readonly steps: StepReport[] = [];
  readonly notes: string[] = [];

  constructor(
    readonly options: SwitchOptions,
    readonly io: SwitchIo = {},
    id: string = randomBytes(6).toString('hex'),
  ) {
    this.id = id;
    this.clock = io.clock ?? clock;
    this.limits = limitsOf(options);
    const both = { clock: this.clock, transport: io.transport ?? netTransport };
    const node = (url: string): SwitchNode => new SwitchNode(url, options, this.limits.nodeTimeoutMs, both);
    this.from = node(options.from);
    this.to = node(options.to);
    this.others = (options.others ?? []).map(node);
    this.target = targetOf(options, this.to);
    this.lock = new SwitchLock(id);
    this.ticket = new Ticket(id);
    this.witness = new Witness(this.from, this.clock);
    const { noticeTimeoutMs } = this.limits;
    const holdMs = Math.ceil(2 * noticeTimeoutMs);
    const names = { id, from: this.from.name, to: options.toKnownAs ?? this.to.name, holdMs };
    this.sessions = new SessionCall(names, {
      forAnswers: (settled) => this.waitFor(settled, noticeTimeoutMs),
      forLastWords: (settled) => this.waitAtMost(settled, lastWordsMs),
    });
    if (options.notice === false) this.sessions.silence('turned off');
  }

  get nodes(): SwitchNode[] {
    return [this.from, this.to, ...this.others];
  }

  /** For those who look at the pair as a whole. Holds secrets. */
  get pairAccess(): PairAccess {
    const { from, to, others = [], username, password, tls, sentinelUrls: sentinels } = this.options;
    return {
      nodes: [from, to, ...others],
      timeoutMs: this.limits.nodeTimeoutMs,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined || !this.from.tls ? {} : { tls }),
      ...(sentinels === undefined ? {} : { sentinels }),
    };
  }

  /** How long A is certain to stay paused, in ms; 0 when it may be open. */
  get pauseLeftMs(): number {
    return this.pausedUntil === undefined ? 0 : Math.max(0, this.pausedUntil - this.clock.now());
  }

  /** Makes a node follow the new primary. */
  get followOrder(): Order {
    return ['REPLICAOF', this.target.host, this.target.port];
  }

  /** Clients wait from hold or pause on until somebody lets them go on: nothing else may run meanwhile. */
  get clientsWait(): boolean {
    return (this.heldAt ?? this.pausedAt) !== undefined && this.releasedAt === undefined;
  }

  /** Throws when the switch was given up by its caller. Only asked before the promotion. */
  checkInterrupted(): void {
    const { signal } = this.options;
    if (signal?.aborted !== true) return;
    throw new SwitchError('SEGUE_SWITCH_GIVEN_UP', 'interrupted', undefined, signal.reason);
  }

  async syncs(): Promise<SyncCounts> {
    const stats = await this.to.info('stats');
    return { full: Number(stats.get('sync_full') ?? 0), partial: Number(stats.get('sync_partial_ok') ?? 0) };
  }

  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(ms, resolve);
    });
  }

  report(): SwitchReport {
    const since = (at: number | undefined): number | undefined =>
      at === undefined || this.pausedAt === undefined ? undefined : at - this.pausedAt;
    return {
      id: this.id,
      method: this.options.method ?? 'manual',
      from: this.from.name,
      to: this.to.name,
      steps: [...this.steps],
      unwritableMs: since(this.promotedAt),
      pausedMs: since(this.releasedAt),
      offset: this.offset,
      resync: this.resync,
      others: [...this.otherResyncs],
      fence: this.fence.report(this.ticket.isArmed, this.ticket.notes),
      sessions: this.sessions.report(),
      sentinels: [...this.sentinels],
      term: this.term,
      counters: [...this.counters],
      notes: [...this.lock.notes, ...this.notes],
    };
  }

  async close(): Promise<void> {
    for (const node of this.nodes) node.close();
    this.sessions.close();
    this.witness.end();
    this.lock.release();
    await this.journal?.close();
  }

  /** Resolves with the time it took, in ms; rejects when the switch is interrupted meanwhile. */
  private async waitFor(settled: Promise<void>, timeoutMs: number): Promise<number> {
    const begunAt = this.clock.now();
    const { signal } = this.options;
    const aborted = new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    await this.waitAtMost(Promise.race([settled, aborted]), timeoutMs);
    this.checkInterrupted();
    return this.clock.now() - begunAt;
  }

  private waitAtMost(settled: Promise<void>, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(timeoutMs, resolve);
      settled.then(() => {
        this.clock.clearTimer(timer);
        resolve();
      });
    });
  }
}

function targetOf({ toKnownAs }: SwitchOptions, to: SwitchNode): { host: string; port: number } {
  if (toKnownAs === undefined) return to;
  const address = parseAddress(toKnownAs);
  if (address?.kind === 'tcp') return address;
  throw new OptionError('SEGUE_OPTION_VALUE', `toKnownAs: ${JSON.stringify(toKnownAs)} is no host:port`);
}
