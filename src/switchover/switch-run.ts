import { type Clock, clock, netTransport, type Transport } from '../transport/index.js';
import { SwitchNode } from './switch-node.js';
import { limitsOf, type SwitchLimits, type SwitchOptions } from './switch-options.js';
import type { Resync, StepReport, SwitchReport } from './switch-report.js';

/** Sync counters of the node that becomes primary. */
export interface SyncCounts {
  readonly full: number;
  readonly partial: number;
}

/** What the steps of one switch share and find out. */
export class SwitchRun {
  readonly clock: Clock;
  readonly limits: SwitchLimits;
  readonly from: SwitchNode;
  readonly to: SwitchNode;
  readonly others: readonly SwitchNode[];
  /** When the order to pause was about to be sent. */
  fencedAt: number | undefined;
  /** Until then A is certain to be paused. */
  pausedUntil: number | undefined;
  promotedAt: number | undefined;
  releasedAt: number | undefined;
  offset: number | undefined;
  syncsBefore: SyncCounts | undefined;
  resync: Resync | undefined;
  readonly otherResyncs: { node: string; resync: Resync }[] = [];
  readonly steps: StepReport[] = [];

  constructor(options: SwitchOptions, io: { clock?: Clock; transport?: Transport } = {}) {
    this.clock = io.clock ?? clock;
    this.limits = limitsOf(options);
    const both = { clock: this.clock, transport: io.transport ?? netTransport };
    const node = (url: string): SwitchNode => new SwitchNode(url, options, this.limits.nodeTimeoutMs, both);
    this.from = node(options.from);
    this.to = node(options.to);
    this.others = (options.others ?? []).map(node);
  }

  get nodes(): SwitchNode[] {
    return [this.from, this.to, ...this.others];
  }

  /** How long A is certain to stay paused, in ms; 0 when it may be open. */
  get pauseLeftMs(): number {
    return this.pausedUntil === undefined ? 0 : Math.max(0, this.pausedUntil - this.clock.now());
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
      at === undefined || this.fencedAt === undefined ? undefined : at - this.fencedAt;
    return {
      from: this.from.name,
      to: this.to.name,
      steps: [...this.steps],
      unwritableMs: since(this.promotedAt),
      pausedMs: since(this.releasedAt),
      offset: this.offset,
      resync: this.resync,
      others: [...this.otherResyncs],
    };
  }

  close(): void {
    for (const node of this.nodes) node.close();
  }
}
