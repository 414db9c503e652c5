import { type Clock, clock } from '../../transport/index.js';
import { type AccessIo, Doorway } from '../survey/pair-access.js';
import type { SwitchReport } from '../switch-report.js';
import type { Stage, UpgradePlan } from './stage.js';
import { UpgradeError } from './upgrade-error.js';
import type { UpgradeJournal } from './upgrade-journal.js';
import { UpgradeNode } from './upgrade-node.js';
import { limitsOf, type UpgradeLimits, type UpgradeOptions } from './upgrade-options.js';
import type { NodeUpgrade, UpgradeReport } from './upgrade-report.js';

const pollMs = 50;

/** What the stages of one upgrade share and find out. */
export class UpgradeRun {
  readonly clock: Clock;
  readonly limits: UpgradeLimits;
  readonly signal: AbortSignal;
  /** Who is primary now. */
  primary: UpgradeNode;
  readonly upgrades: NodeUpgrade[] = [];
  readonly switches: SwitchReport[] = [];
  readonly warnings: string[] = [];
  readonly begunAt: number;
  /** Something has been done to the pair that a failure leaves behind. */
  hasRestarted = false;
  hasSwitched = false;
  private readonly nodes: ReadonlyMap<string, UpgradeNode>;

  constructor(
    readonly options: UpgradeOptions,
    readonly io: AccessIo,
    readonly plan: UpgradePlan,
    readonly journal: UpgradeJournal | undefined,
  ) {
    this.clock = io.clock ?? clock;
    this.limits = limitsOf(options);
    this.signal = options.signal ?? new AbortController().signal;
    this.begunAt = this.clock.now();
    const names = [plan.primary, ...plan.replicas];
    const doorway = new Doorway(options, io);
    this.nodes = new Map(names.map((name) => [name, new UpgradeNode(doorway, name)]));
    this.primary = this.node(plan.primary);
  }

  node(name: string): UpgradeNode {
    return this.nodes.get(name)!;
  }

  /** All but the primary. */
  get replicas(): UpgradeNode[] {
    return [...this.nodes.values()].filter((node) => node !== this.primary);
  }

  /** The stage is done, or begun and not to be undone: what follows from that. */
  recall(stage: Stage): void {
    if (stage.kind === 'restart') this.hasRestarted = true;
    if (stage.kind !== 'switch') return;
    this.hasSwitched = true;
    this.primary = this.node(stage.node);
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  checkInterrupted(): void {
    if (this.signal.aborted) throw new UpgradeError('SEGUE_UPGRADE_INTERRUPTED', 'as wanted', this.signal.reason);
  }

  /** Rejects at once when the user wants to stop. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.clock.clearTimer(timer);
        this.signal.removeEventListener('abort', end);
        try {
          this.checkInterrupted();
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      const timer = this.clock.setTimer(ms, end);
      this.signal.addEventListener('abort', end, { once: true });
      if (this.signal.aborted) end();
    });
  }

  /**
   * Looks again and again until `look` gives undefined, which means that nothing is missing any more; a look that throws
   * is not yet. Rejects with what was missing last when `timeoutMs` have passed.
   */
  async until(timeoutMs: number, look: () => Promise<string | undefined>): Promise<void> {
    const deadline = this.clock.now() + timeoutMs;
    for (;;) {
      this.checkInterrupted();
      const missing = await look().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
      if (missing === undefined) return;
      const leftMs = deadline - this.clock.now();
      if (leftMs <= 0) throw new Error(`${missing} (waited ${Math.round(timeoutMs / 1000)} s)`);
      await this.delay(Math.min(pollMs, leftMs));
    }
  }

  report(): UpgradeReport {
    return {
      primary: this.primary.name,
      nodes: [...this.upgrades],
      switches: [...this.switches],
      warnings: [...this.warnings],
      durationMs: this.clock.now() - this.begunAt,
    };
  }
}
