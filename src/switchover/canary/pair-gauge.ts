import type { Conversation } from '../../topology/index.js';
import { type Address, type Clock, clock, formatAddress } from '../../transport/index.js';
import { type AccessIo, Doorway, type PairAccess } from '../survey/pair-access.js';

/** What one node did over time; the arrays belong together. */
export interface NodeTrack {
  readonly node: string;
  /** Since the gauge began. */
  readonly atMs: readonly number[];
  /** Commands of clients per second; null while it was a replica, whose count is of the stream from its primary. */
  readonly commandsPerSecond: readonly (number | null)[];
  /** Clients that the server lets wait: paused ones, and those in BLPOP and the like. */
  readonly waitingClients: readonly number[];
}

interface Sample {
  readonly atMs: number;
  readonly isPrimary: boolean;
  readonly commands: number;
  readonly waiting: number;
}

/** ROLE, INFO stats and INFO clients: what the gauge itself adds to the count between two samples. */
const ownCommands = 3;
const samplesMax = 60_000;
/** Seldom enough to cost a server next to nothing, often enough to show a switch. */
export const gaugeIntervalMs = 10;

/** Looks at the counters of all nodes many times a second, so that a report can show what their clients did. */
export class PairGauge {
  readonly startedMs: number;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #tracks: readonly {
    readonly node: string;
    readonly conversation: Conversation;
    readonly samples: Sample[];
  }[];
  #isStopped = false;

  constructor(
    {
      access,
      nodes,
      intervalMs = gaugeIntervalMs,
    }: { access: PairAccess; nodes: readonly Address[]; intervalMs?: number },
    io: AccessIo = {},
  ) {
    const doorway = new Doorway(access, io);
    this.#clock = io.clock ?? clock;
    this.#intervalMs = intervalMs;
    this.startedMs = this.#clock.now();
    this.#tracks = nodes.map((node) => ({
      node: formatAddress(node),
      conversation: doorway.open(node, 'segue-survey-gauge'),
      samples: [],
    }));
    for (const track of this.#tracks) this.#follow(track.conversation, track.samples);
  }

  /** Closes its connections and tells what it saw. A node that was lost has no samples from then on. */
  stop(): NodeTrack[] {
    this.#isStopped = true;
    for (const { conversation } of this.#tracks) conversation.close();
    return this.#tracks.map(({ node, samples }) => trackOf(node, samples));
  }

  async #follow(conversation: Conversation, samples: Sample[]): Promise<void> {
    while (!this.#isStopped && samples.length < samplesMax) {
      try {
        samples.push(await this.#sample(conversation));
      } catch {
        return;
      }
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(this.#intervalMs, resolve);
      });
    }
  }

  async #sample(conversation: Conversation): Promise<Sample> {
    const [role, stats, clients] = await Promise.all([
      conversation.request(['ROLE']),
      conversation.request(['INFO', 'stats']),
      conversation.request(['INFO', 'clients']),
    ]);
    return {
      atMs: this.#clock.now() - this.startedMs,
      isPrimary: Array.isArray(role) && role[0] === 'master',
      commands: Number(/^total_commands_processed:(\d+)/m.exec(String(stats))?.[1] ?? 0),
      waiting: Number(/^blocked_clients:(\d+)/m.exec(String(clients))?.[1] ?? 0),
    };
  }
}

function trackOf(node: string, samples: readonly Sample[]): NodeTrack {
  const rates = samples.slice(1).map((sample, index) => {
    const before = samples[index]!;
    if (!sample.isPrimary || !before.isPrimary) return null;
    const seconds = (sample.atMs - before.atMs) / 1_000;
    return Math.max(0, sample.commands - before.commands - ownCommands) / Math.max(seconds, 0.001);
  });
  return {
    node,
    atMs: samples.slice(1).map(({ atMs }) => atMs),
    commandsPerSecond: rates,
    waitingClients: samples.slice(1).map(({ waiting }) => waiting),
  };
}
