import { waitFor } from '../../src/lab/wait-for.js';
import { Counter, type CrowdLog, IdleMember, type Member, Sender, Subscriber, Waiter } from './crowd-members.js';
import type { Target } from './light-session.js';

export interface CrowdOptions {
  readonly target: Target;
  /** Begins its keys and channels. */
  readonly name: string;
  readonly idle: number;
  readonly subscribers: number;
  readonly waiters: number;
  readonly counters: number;
}

export interface CrowdReport {
  readonly connected: number;
  readonly lost: number;
  readonly errors: number;
  /** Of what went wrong, the first few. */
  readonly examples: readonly string[];
  readonly messages: Delivery;
  readonly elements: Delivery;
  /** Answered commands, apart from BLPOP. */
  readonly commands: number;
  /** The longest that a command waited for its answer since forgetLongest(). */
  readonly longestMs: number;
}

export interface Delivery {
  readonly delivered: number;
  /** Others came after them. */
  readonly missed: number;
  /** The last ones, that have not come. */
  readonly outstanding: number;
  readonly again: number;
}

/** Connections that are being opened at a time. */
const OPENING_MAX = 64;
const SUBSCRIBERS_PER_CHANNEL = 100;
const TICK_MS = 10;
/** A second. */
const PUBLISHED_PER_CHANNEL = 1;
const PUSHED = 50;
const COUNTED_PER_COUNTER = 0.5;
const EXAMPLES_MAX = 5;

/** Many clients of one address, in four ways of being a client, and two more that give them something to receive. */
export class Crowd implements CrowdLog {
  private readonly members: Member[] = [];
  private subscribers: Subscriber[] = [];
  private waiters: Waiter[] = [];
  private counters: Counter[] = [];
  private publisher!: Sender;
  private producer!: Sender;
  private readonly published: number[] = [];
  private readonly pushed: number[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lostSoFar = 0;
  private errorsSoFar = 0;
  private commands = 0;
  private longestMs = 0;
  private readonly examples: string[] = [];

  constructor(private readonly options: CrowdOptions) {}

  /** Resolves when all are connected and have been answered. */
  async connect(): Promise<void> {
    const { target, name } = this.options;
    const channels = Math.ceil(this.options.subscribers / SUBSCRIBERS_PER_CHANNEL);
    this.published.push(...new Array<number>(channels).fill(0));
    this.pushed.push(...new Array<number>(this.options.waiters).fill(0));
    this.publisher = new Sender(target, this);
    this.producer = new Sender(target, this);
    this.members.push(this.publisher, this.producer);
    await this.enter(this.options.idle, () => new IdleMember(target, this));
    const listen = (index: number) => new Subscriber(target, this, `${name}:channel:${index % channels}`);
    this.subscribers = await this.enter(this.options.subscribers, listen);
    this.waiters = await this.enter(this.options.waiters, (at) => new Waiter(target, this, `${name}:queue:${at}`));
    this.counters = await this.enter(this.options.counters, (at) => new Counter(target, this, `${name}:count:${at}`));
  }

  /** Lets them work from now on. */
  begin(): void {
    let beganAt = performance.now();
    const done = { published: 0, pushed: 0, counted: 0 };
    const due = (what: keyof typeof done, perSecond: number): number => {
      const number = Math.floor(((performance.now() - beganAt) / 1000) * perSecond) - done[what];
      done[what] += number;
      return number;
    };
    this.timer = setInterval(() => {
      for (let n = due('published', PUBLISHED_PER_CHANNEL * this.published.length); n > 0; n--) this.publish();
      for (let n = due('pushed', this.pushed.length === 0 ? 0 : PUSHED); n > 0; n--) this.push();
      for (let n = due('counted', COUNTED_PER_COUNTER * this.counters.length); n > 0; n--) this.count();
    }, TICK_MS);
    beganAt = performance.now();
  }

  /** No more work; resolves when everything has arrived, or when `deadlineMs` are over. What is missing then is outstanding. */
  async settle(deadlineMs: number): Promise<void> {
    clearInterval(this.timer);
    await waitFor(() => this.isSettled, { deadlineMs, what: 'everything to arrive', intervalMs: 20 }).catch(() => {});
  }

  forgetLongest(): void {
    this.longestMs = 0;
  }

  report(): CrowdReport {
    const delivery = (all: readonly (Subscriber | Waiter)[], sentTo: (at: number) => number): Delivery => {
      const sum = { delivered: 0, missed: 0, outstanding: 0, again: 0 };
      for (const [at, { numbers }] of all.entries()) {
        sum.delivered += numbers.last - numbers.missed;
        sum.missed += numbers.missed;
        sum.outstanding += sentTo(at) - numbers.last;
        sum.again += numbers.again;
      }
      return sum;
    };
    return {
      connected: this.members.length - this.lostSoFar,
      lost: this.lostSoFar,
      errors: this.errorsSoFar,
      examples: this.examples,
      messages: delivery(this.subscribers, (at) => this.publishedTo(at)),
      elements: delivery(this.waiters, (at) => this.pushed[at]!),
      commands: this.commands,
      longestMs: this.longestMs,
    };
  }

  close(): void {
    clearInterval(this.timer);
    for (const member of this.members) member.close();
  }

  // ---- what members tell ----------------------------------------------------------------------------------------

  error(what: string): void {
    this.errorsSoFar += 1;
    this.note(what);
  }

  lost(why: string): void {
    this.lostSoFar += 1;
    this.note(`connection lost: ${why}`);
  }

  odd(what: string): void {
    this.note(what);
  }

  answered(ms: number): void {
    this.commands += 1;
    this.longestMs = Math.max(this.longestMs, ms);
  }

  private note(what: string): void {
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(what);
  }

  // ---- their work -----------------------------------------------------------------------------------------------

  private nextChannel = 0;
  private nextQueue = 0;
  private nextCounter = 0;

  private publish(): void {
    const at = this.nextChannel++ % this.published.length;
    this.published[at]! += 1;
    this.publisher.say('PUBLISH', `${this.options.name}:channel:${at}`, this.published[at]!);
  }

  private push(): void {
    const at = this.nextQueue++ % this.pushed.length;
    this.pushed[at]! += 1;
    this.producer.say('RPUSH', `${this.options.name}:queue:${at}`, this.pushed[at]!);
  }

  private count(): void {
    this.counters[this.nextCounter++ % this.counters.length]!.count();
  }

  private get isSettled(): boolean {
    return (
      !this.publisher.waits &&
      !this.producer.waits &&
      this.counters.every(({ waits }) => !waits) &&
      this.subscribers.every(({ numbers }, at) => numbers.last >= this.publishedTo(at)) &&
      this.waiters.every(({ numbers }, at) => numbers.last >= this.pushed[at]!)
    );
  }

  private publishedTo(subscriber: number): number {
    return this.published[subscriber % this.published.length]!;
  }

  private async enter<M extends Member>(count: number, make: (index: number) => M): Promise<M[]> {
    const entered: M[] = [];
    for (let from = 0; from < count; from += OPENING_MAX) {
      const some = Array.from({ length: Math.min(OPENING_MAX, count - from) }, (_, at) => make(from + at));
      entered.push(...some);
      this.members.push(...some);
      await Promise.all(some.map(({ ready }) => ready));
    }
    return entered;
  }
}
