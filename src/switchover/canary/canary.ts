import { randomBytes } from 'node:crypto';
import { type Reply, ReplyError } from '../../resp/index.js';
import type { Conversation } from '../../topology/index.js';
import { type Address, type Clock, clock, formatAddress } from '../../transport/index.js';
import { type AccessIo, Doorway, type PairAccess } from '../survey/pair-access.js';
import { type LatencyBuckets, type LatencySummary, LatencyTrack } from './latency-track.js';
import { Sequence, type SequenceVerdict } from './sequence.js';

export interface CanaryOptions {
  readonly access: PairAccess;
  /** Where it writes: the primary first, then whoever may become it. */
  readonly nodes: readonly Address[];
  /** Between an answer and the next write. Default 1. */
  readonly intervalMs?: number;
}

export interface CanaryReport {
  readonly key: string;
  /** The clock's time at which its track begins. */
  readonly startedMs: number;
  readonly sequence: SequenceVerdict;
  /** Every number is at the new primary exactly once and in order. False also when that could not be found out. */
  readonly isProven: boolean;
  /** Why it could not be found out, or why the canary stopped early. */
  readonly trouble: string | undefined;
  /** Refusals by their code, READONLY and the like: each was written again elsewhere, as a client does that can follow. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly latency: LatencySummary;
  readonly longestGap: { readonly fromMs: number; readonly lengthMs: number };
  readonly buckets: LatencyBuckets;
}

type Outcome =
  | { readonly is: 'acknowledged' }
  | { readonly is: 'refused'; readonly code: string }
  | { readonly is: 'lost' }
  | { readonly is: 'hopeless'; readonly reason: string };

/** The user who runs a canary, in CLIENT LIST. */
export const canaryClientName = 'segue-survey-canary';

/** Longer than a switch, so that the key outlives it; and it goes by itself if nobody deletes it. */
const keyLifetimeS = 900;
/** A paused primary answers late: a canary waits for it like any client. */
const answerTimeoutMs = 10_000;
const retryMs = 1;
const reconnectMs = 50;
/** From here on it writes ten times a second only: a list of a million would be no canary. */
const writesAtFullPace = 120_000;
const slowIntervalMs = 100;
const pageSize = 5_000;
/** Refusals that end by themselves, or mean that another node is primary by now: nothing was written. */
const passing = /^(READONLY|REDIRECT|MOVED|LOADING|MASTERDOWN|NOREPLICAS|TRYAGAIN|CLUSTERDOWN|BUSY|UNBLOCKED)$/;

/**
 * Writes 1, 2, 3 … to a list of its own through a switch, one after the other, as a client would that can follow; and then
 * shows that the new primary has each of them once and in order.
 */
export class Canary {
  readonly key = `segue:canary:${randomBytes(6).toString('hex')}`;
  readonly #nodes: readonly Address[];
  readonly #intervalMs: number;
  readonly #doorway: Doorway;
  /** For the comparison at the end, which nobody is to wait for long. */
  readonly #exit: Doorway;
  readonly #clock: Clock;
  readonly #conversations = new Map<Address, Conversation>();
  readonly #sequence = new Sequence();
  readonly #track: LatencyTrack;
  readonly #startedMs: number;
  readonly #refusals: Record<string, number> = {};
  #at = 0;
  #renewMs = 0;
  #isStopping = false;
  #trouble: string | undefined;
  #written: Promise<void> = Promise.resolve();

  /** Resolves when the first write is acknowledged; rejects, leaving nothing behind, when that cannot be. */
  static async start(options: CanaryOptions, io: AccessIo = {}): Promise<Canary> {
    const canary = new Canary(options, io);
    try {
      await Promise.all(options.nodes.map((node) => canary.#open(node).ready));
      await canary.#writeNext();
      if (canary.#trouble !== undefined) throw new Error(canary.#trouble);
      await canary.#renew();
    } catch (error) {
      canary.#close();
      throw error;
    }
    canary.#written = canary.#write();
    return canary;
  }

  private constructor({ access, nodes, intervalMs = 1 }: CanaryOptions, io: AccessIo) {
    this.#nodes = nodes;
    this.#intervalMs = intervalMs;
    this.#clock = io.clock ?? clock;
    this.#doorway = new Doorway({ ...access, timeoutMs: answerTimeoutMs }, io);
    this.#exit = new Doorway(access, io);
    this.#startedMs = this.#clock.now();
    this.#track = new LatencyTrack(this.#startedMs);
  }

  get acknowledged(): number {
    return this.#sequence.acknowledged;
  }

  /** Stops writing, compares, deletes the list. Never rejects; takes some seconds at the worst. */
  async finish(): Promise<CanaryReport> {
    this.#isStopping = true;
    // Whatever kept writes waiting is over by now; an answer that still does not come is uncertain.
    const late = this.#clock.setTimer(this.#exit.timeoutMs, () => this.#close());
    await this.#written;
    this.#clock.clearTimer(late);
    const found = await this.#read().catch((error: Error) => error);
    this.#close();
    const sequence = this.#sequence.verify(found instanceof Error ? [] : found);
    if (found instanceof Error) this.#trouble ??= found.message;
    const { missing, doubled, reordered, unexpected, acknowledged } = sequence;
    return {
      key: this.key,
      startedMs: this.#startedMs,
      sequence,
      isProven: !(found instanceof Error) && acknowledged > 0 && missing + doubled + reordered + unexpected === 0,
      trouble: this.#trouble,
      refusals: this.#refusals,
      latency: this.#track.summary,
      longestGap: this.#track.longestGap,
      buckets: this.#track.buckets,
    };
  }

  async #write(): Promise<void> {
    while (!this.#isStopping && this.#trouble === undefined) {
      // A refusal or a lost connection is the next write's to find out.
      if (this.#clock.now() > this.#renewMs) await this.#renew().catch(() => {});
      await this.#delay(this.acknowledged < writesAtFullPace ? this.#intervalMs : slowIntervalMs);
      if (!this.#isStopping) await this.#writeNext();
    }
  }

  async #renew(): Promise<void> {
    this.#renewMs = this.#clock.now() + (keyLifetimeS * 1_000) / 3;
    await this.#ask('EXPIRE', this.key, keyLifetimeS);
  }

  /** Until the number is written, or it is clear that it will not be. */
  async #writeNext(): Promise<void> {
    const number = this.#sequence.next();
    const sentMs = this.#clock.now();
    for (;;) {
      const outcome = await this.#attempt(number);
      switch (outcome.is) {
        case 'acknowledged':
          this.#sequence.acknowledge();
          this.#track.record(sentMs, this.#clock.now());
          return;
        case 'lost':
          this.#sequence.giveUp(number, true);
          this.#turn();
          await this.#delay(reconnectMs);
          return;
        case 'hopeless':
          this.#sequence.giveUp(number, false);
          this.#trouble = outcome.reason;
          return;
        case 'refused':
          this.#refusals[outcome.code] = (this.#refusals[outcome.code] ?? 0) + 1;
          this.#turn();
          if (this.#clock.now() - sentMs < answerTimeoutMs) break;
          this.#sequence.giveUp(number, false);
          return;
      }
      await this.#delay(retryMs);
    }
  }

  async #attempt(number: number): Promise<Outcome> {
    try {
      await this.#ask('RPUSH', this.key, number);
      return { is: 'acknowledged' };
    } catch (error) {
      if (!(error instanceof ReplyError)) return { is: 'lost' };
      if (passing.test(error.code)) return { is: 'refused', code: error.code };
      return { is: 'hopeless', reason: `${formatAddress(this.#nodes[this.#at]!)}: ${error.message}` };
    }
  }

  /** The list as it stands at the primary, which it then leaves without it. */
  async #read(): Promise<number[]> {
    for (const node of this.#nodes) {
      const conversation = this.#exit.open(node, canaryClientName);
      try {
        const role = await conversation.request(['ROLE']).catch(() => undefined);
        if (!Array.isArray(role) || role[0] !== 'master') continue;
        const numbers = await readList(conversation, this.key);
        await conversation.request(['DEL', this.key]);
        return numbers;
      } finally {
        conversation.close();
      }
    }
    throw new Error('no primary was found to compare with');
  }

  #ask(...args: readonly (string | number)[]): Promise<Reply> {
    return this.#open(this.#nodes[this.#at]!).request(args);
  }

  #open(node: Address): Conversation {
    const open = this.#conversations.get(node);
    if (open !== undefined && !open.closed) return open;
    const conversation = this.#doorway.open(node, canaryClientName);
    this.#conversations.set(node, conversation);
    return conversation;
  }

  #turn(): void {
    this.#at = (this.#at + 1) % this.#nodes.length;
  }

  #close(): void {
    for (const conversation of this.#conversations.values()) conversation.close();
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(ms, resolve);
    });
  }
}

async function readList(conversation: Conversation, key: string): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const [from, to] = [numbers.length, numbers.length + pageSize - 1];
    const page = (await conversation.request(['LRANGE', key, from, to])) as Reply[];
    for (const item of page) numbers.push(Number(item));
    if (page.length < pageSize) return numbers;
  }
}
