import { Thread } from '../../lab/threads/thread.js';
import type { CanaryReport, NodeTrack } from '../../switchover/canary/index.js';
import type { Target } from '../../switchover/checks/index.js';
import { type Survey, takeSurvey } from '../../switchover/survey/index.js';
import { type Address, clock, parseAddress } from '../../transport/index.js';
import type { PairReach } from '../settings/pair-settings.js';
import type { BystanderOptions, BystanderService, Sighting } from './bystander.js';

export interface OnlookerOptions {
  readonly access: PairReach;
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
  /** Why nobody counted, although it was wanted. */
  readonly gaugeTrouble: string | undefined;
  /** Undefined when the pair could not be asked any more. */
  readonly after: Survey | undefined;
}

/** Longer than a canary takes at the worst: a thread that says nothing by then never will. */
const threadTimeoutMs = 30_000;
const module = new URL('./bystander-thread.js', import.meta.url);

/**
 * Watches a pair and writes to it while it is switched, from a thread of its own: between fence and release nothing else is
 * to run in the operator's. What it cannot do it leaves out, and says why; the switch goes on without it.
 */
export class Onlooker {
  #trouble: string | undefined;

  private constructor(
    private readonly options: OnlookerOptions,
    private readonly before: Survey,
    private readonly thread: Thread<BystanderService> | undefined,
  ) {}

  /** Resolves after the margin. `open` starts the thread, which is compiled code. */
  static async start(
    options: OnlookerOptions,
    open: () => Thread<BystanderService> = () => new Thread(module),
  ): Promise<Onlooker> {
    const { access, target, canary, gauge } = options;
    const nodes = [target.from, target.to, ...target.others].map(({ name }) => parseAddress(name) as Address);
    const before = await takeSurvey(access, {}, { clients: false });
    const onlooker = new Onlooker(options, before, canary || gauge ? open() : undefined);
    await onlooker.#begin({ access, nodes, canary, gauge });
    await onlooker.#margin();
    return onlooker;
  }

  /** Resolves after another margin, when the thread has ended. Never rejects. */
  async finish(): Promise<Testimony> {
    await this.#margin();
    const sighting = await this.#sighting();
    await this.thread?.terminate().catch(() => {});
    const after = await takeSurvey(this.options.access, {}, { clients: false }).catch(() => undefined);
    return { before: this.before, after, ...this.#told(sighting) };
  }

  async #begin(options: BystanderOptions): Promise<void> {
    await this.#asked((thread) => thread.call('begin', options));
  }

  /** Undefined when there is no bystander, or it cannot tell any more. */
  async #sighting(): Promise<Sighting | undefined> {
    return this.#trouble === undefined ? this.#asked((thread) => thread.call('finish')) : undefined;
  }

  #told(sighting: Sighting | undefined): Omit<Testimony, 'before' | 'after'> {
    const { canary, gauge } = this.options;
    if (sighting === undefined) {
      const canaryTrouble = canary ? this.#trouble : undefined;
      const gaugeTrouble = gauge ? this.#trouble : undefined;
      return { canary: undefined, canaryTrouble, tracks: [], tracksStartedMs: 0, gaugeTrouble };
    }
    const laterMs = sighting.clockOriginMs - performance.timeOrigin;
    const { canaryTrouble, tracks, tracksStartedMs } = sighting;
    return {
      canary: sighting.canary && { ...sighting.canary, startedMs: sighting.canary.startedMs + laterMs },
      canaryTrouble,
      tracks,
      tracksStartedMs: tracksStartedMs + laterMs,
      gaugeTrouble: undefined,
    };
  }

  /** Whatever becomes of the thread is no failure of the switch. */
  async #asked<T>(ask: (thread: Thread<BystanderService>) => Promise<T>): Promise<T | undefined> {
    if (this.thread === undefined) return undefined;
    try {
      return await within(threadTimeoutMs, ask(this.thread));
    } catch (error) {
      this.#trouble = `whoever was to watch is gone: ${(error as Error).message}`;
      return undefined;
    }
  }

  #margin(): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimer(this.options.marginMs, resolve);
    });
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => reject(new Error(`no answer within ${ms / 1_000} s`)));
    work.then(resolve, reject).finally(() => clock.clearTimer(timer));
  });
}
