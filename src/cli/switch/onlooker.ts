import { Canary, type CanaryReport, type NodeTrack, PairGauge } from '../../switchover/canary/index.js';
import type { Target } from '../../switchover/checks/index.js';
import { type PairAccess, type Survey, takeSurvey } from '../../switchover/survey/index.js';
import { type Address, clock, parseAddress } from '../../transport/index.js';

export interface OnlookerOptions {
  readonly access: PairAccess;
  readonly target: Target;
  readonly canary: boolean;
  /** Whether it looks at the counters of all nodes many times a second, for a picture. */
  readonly gauge: boolean;
  /** How long it watches before and after the switch, so that the switch can be compared with the time without one. */
  readonly marginMs: number;
}

/** What somebody who only watched and wrote has seen. */
export interface Testimony {
  /** Right before the switch: what the checks have caused by then is not the switch's. */
  readonly before: Survey;
  readonly canary: CanaryReport | undefined;
  /** Why there is none, although it was wanted. */
  readonly canaryTrouble: string | undefined;
  readonly tracks: readonly NodeTrack[];
  /** When the gauge began, on the clock. */
  readonly tracksStartedMs: number;
  /** Undefined when the pair could not be asked any more. */
  readonly after: Survey | undefined;
}

/** Watches a pair and writes to it while it is switched. What it cannot do it leaves out, and says why. */
export class Onlooker {
  private constructor(
    private readonly options: OnlookerOptions,
    private readonly before: Survey,
    private readonly gauge: PairGauge | undefined,
    private readonly canary: Canary | undefined,
    private readonly canaryTrouble: string | undefined,
  ) {}

  /** Resolves after the margin. */
  static async start(options: OnlookerOptions): Promise<Onlooker> {
    const { access, target } = options;
    const before = await takeSurvey(access, {}, { clients: false });
    const nodes = [target.from, target.to, ...target.others].map(({ name }) => parseAddress(name) as Address);
    let canary: Canary | undefined;
    let trouble: string | undefined;
    if (options.canary) {
      canary = await Canary.start({ access, nodes }).catch((error: Error) => {
        trouble = error.message;
        return undefined;
      });
    }
    const gauge = options.gauge ? new PairGauge({ access, nodes }) : undefined;
    const onlooker = new Onlooker(options, before, gauge, canary, trouble);
    await onlooker.#margin();
    return onlooker;
  }

  /** Resolves after another margin. Never rejects. */
  async finish(): Promise<Testimony> {
    await this.#margin();
    const tracks = this.gauge?.stop() ?? [];
    const canary = await this.canary?.finish();
    const after = await takeSurvey(this.options.access, {}, { clients: false }).catch(() => undefined);
    const { before, canaryTrouble } = this;
    return { before, canary, canaryTrouble, tracks, tracksStartedMs: this.gauge?.startedMs ?? 0, after };
  }

  #margin(): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimer(this.options.marginMs, resolve);
    });
  }
}
