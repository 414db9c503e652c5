import { Canary, type CanaryReport, type NodeTrack, PairGauge } from '../../switchover/canary/index.js';
import type { Address } from '../../transport/index.js';
import type { PairReach } from '../settings/pair-settings.js';

/** Plain data: it crosses the border between threads, secrets included, and goes nowhere else. */
export interface BystanderOptions {
  readonly access: PairReach;
  /** The primary first, then whoever may become it. */
  readonly nodes: readonly Address[];
  readonly canary: boolean;
  /** Whether it looks at the counters of all nodes many times a second, for a picture. */
  readonly gauge: boolean;
}

/** What a bystander saw; all times on the clock of its own thread. */
export interface Sighting {
  readonly canary: CanaryReport | undefined;
  /** Why there is none, although it was wanted. */
  readonly canaryTrouble: string | undefined;
  readonly tracks: readonly NodeTrack[];
  readonly tracksStartedMs: number;
  /** When the clock of its thread stood at zero, in ms since 1970. */
  readonly clockOriginMs: number;
}

export type BystanderService = {
  /** Resolves when the canary has written for the first time, or will not. */
  begin(options: BystanderOptions): Promise<void>;
  /** Stops, compares, and tells. */
  finish(): Promise<Sighting>;
};

/** One bystander, for a thread of its own: it writes and counts while the switch goes on elsewhere. */
export function bystander(): BystanderService {
  let canary: Canary | undefined;
  let canaryTrouble: string | undefined;
  let gauge: PairGauge | undefined;
  return {
    async begin(options) {
      if (options.canary) {
        canary = await Canary.start(options).catch((error: Error) => {
          canaryTrouble = error.message;
          return undefined;
        });
      }
      if (options.gauge) gauge = new PairGauge(options);
    },
    async finish() {
      const tracks = gauge?.stop() ?? [];
      const tracksStartedMs = gauge?.startedMs ?? 0;
      const clockOriginMs = performance.timeOrigin;
      return { canary: await canary?.finish(), canaryTrouble, tracks, tracksStartedMs, clockOriginMs };
    },
  };
}
