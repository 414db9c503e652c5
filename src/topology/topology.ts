import type { Reply } from '../resp/decode.js';
import { type Clock, clock, netTransport } from '../transport/index.js';
import { guessAt, type HeardNotice } from './heard-notice.js';
import { isAlike } from './is-alike.js';
import { type NodeView, whyNoPrimary } from './node-view.js';
import type { Statement } from './notice.js';
import { answers, type ReplicaWish, replicasFor } from './replicas.js';
import type { Endpoint } from './replication-report.js';
import { TopologyError } from './topology-error.js';
import type { TopologyEvent } from './topology-event.js';
import { planWatch, type TopologyOptions } from './topology-options.js';
import { Watch } from './watch.js';
import { nodeAt, nodeNamed } from './watch-nodes.js';
import type { PrimaryView } from './watch-state.js';

interface SharedWatch {
  readonly watch: Watch;
  /** What cannot stand in a key: TLS material, the address map, transport and clock. */
  readonly identity: readonly unknown[];
  readonly clock: Clock;
  users: number;
}

const watches = new Map<string, SharedWatch[]>();

/**
 * Who is the primary of a pair, as seen by a watch that all users of the same pair in this process share. The watch
 * holds one control connection to each node; neither they nor its timers keep the process alive.
 */
export class Topology {
  readonly #shared: SharedWatch;
  readonly #key: string;
  /** Removes what this user has added to the watch. */
  readonly #removals = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #released = false;

  private constructor(shared: SharedWatch, key: string, onEvent: ((event: TopologyEvent) => void) | undefined) {
    this.#shared = shared;
    this.#key = key;
    if (onEvent !== undefined) this.#removals.add(shared.watch.onEvent(onEvent));
  }

  /**
   * Joins the watch of the same seeds, credentials, TLS, map, intervals, transport and clock, or starts one.
   * @throws OptionError
   */
  static acquire(options: TopologyOptions): Topology {
    const plan = planWatch(options);
    const { transport = netTransport, clock: time = clock } = options;
    const identity = [options.tls, options.addressMap, transport, time];
    const sameKey = watches.get(plan.key) ?? [];
    watches.set(plan.key, sameKey);
    let shared = sameKey.find((one) => one.identity.every((part, at) => isAlike(part, identity[at])));
    const isNew = shared === undefined;
    shared ??= { watch: new Watch(plan, transport, time), identity, clock: time, users: 0 };
    if (isNew) sameKey.push(shared);
    shared.users++;
    const topology = new Topology(shared, plan.key, options.onEvent);
    if (isNew) shared.watch.start();
    return topology;
  }

  /** No callback any more; ready() rejects, suspect() resolves with undefined. The last one closes the connections. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const remove of this.#removals) remove();
    this.#removals.clear();
    for (const check of [...this.#waiting]) check();
    if (--this.#shared.users > 0) return;
    this.#shared.watch.close();
    const left = (watches.get(this.#key) ?? []).filter((one) => one !== this.#shared);
    if (left.length > 0) watches.set(this.#key, left);
    else watches.delete(this.#key);
  }

  /** The same object for all who share a watch: a key for what else they share. */
  get sharedKey(): object {
    return this.#shared;
  }

  /** Undefined before the first verdict, and while the primary is known to have stepped down or cannot be reached. */
  get primary(): PrimaryView | undefined {
    return this.#released ? undefined : this.#shared.watch.primary;
  }

  /**
   * Hears each new primary; and the same view again (same term) when the primary is back after a time in which it was
   * not known, or in which a suspect() was answered with undefined: whoever holds may go on. Not called for what is
   * known already.
   */
  onPrimary(listener: (view: PrimaryView) => void): () => void {
    if (this.#released) return () => {};
    // A function of its own each time: who adds a listener twice is told twice.
    const remove = this.#shared.watch.onPrimary((view) => listener(view));
    this.#removals.add(remove);
    return () => {
      this.#removals.delete(remove);
      remove();
    };
  }

  /**
   * Somebody was refused by `node` (or lost it), perhaps with the address it named. Asks all nodes at once and resolves
   * with the primary as known from answers to questions that were sent after this call, or undefined: then onPrimary
   * will tell. Never rejects. A newer primary that proves itself resolves it at once; otherwise it waits for every node
   * that is alive, 100 ms at most. Doubt about a node that is not the primary any more is answered from knowledge.
   */
  suspect(node: string | undefined, hint?: Endpoint): Promise<PrimaryView | undefined> {
    if (this.#released) return Promise.resolve(undefined);
    return this.#shared.watch.suspect(node, hint);
  }

  /**
   * Asks one node what it is now. Resolves when it has answered, or cannot be asked; never rejects. What follows from the
   * answer is told by onPrimary.
   */
  look(node: string): Promise<void> {
    return this.#released ? Promise.resolve() : this.#shared.watch.look(node);
  }

  /**
   * Where to go meanwhile: the trusted node that is probably primary next, now that `node` has refused; by the address it
   * named, or because there is only one other. A guess for connecting early, never a verdict; its `term` is the current one.
   */
  candidate(node: string, hint?: Endpoint): PrimaryView | undefined {
    const { state } = this.#shared.watch;
    const others = [...state.nodes.values()].filter((other) => other.key !== node && other.link.kind === 'up');
    const likely = hint === undefined ? (others.length === 1 ? others[0] : undefined) : nodeAt(state, hint);
    if (this.#released || likely === undefined || likely.key === node) return undefined;
    return guessAt(state, likely);
  }

  /** Where one may read instead of at the primary, in no particular order. */
  replicas(wish: ReplicaWish): PrimaryView[] {
    const { watch, clock: time } = this.#shared;
    return this.#released ? [] : replicasFor(watch.state, wish, time.now());
  }

  /** Whether this node, by any of its names, has lately answered. */
  answers(node: string): boolean {
    const { watch, clock: time } = this.#shared;
    return answers(nodeNamed(watch.state, node), time.now());
  }

  /** Told whenever anything may have changed; often. */
  onChange(listener: () => void): () => void {
    if (this.#released) return () => {};
    const remove = this.#shared.watch.onStep(() => listener());
    this.#removals.add(remove);
    return () => {
      this.#removals.delete(remove);
      remove();
    };
  }

  /**
   * Hears what operators tell the sessions of this pair, each notice once. While anybody listens, the watch keeps a
   * subscription at each node. A listener that several users of the watch add is told once.
   */
  onNotice(listener: (heard: HeardNotice) => void): () => void {
    if (this.#released) return () => {};
    const remove = this.#shared.watch.onNotice(listener);
    this.#removals.add(remove);
    return () => {
      this.#removals.delete(remove);
      remove();
    };
  }

  /** Hears what happens in the watch. A listener that several users of the watch add is told once. */
  onEvent(listener: (event: TopologyEvent) => void): void {
    if (!this.#released) this.#removals.add(this.#shared.watch.onEvent(listener));
  }

  /** Publishes this process's answer to a notice on the primary; the watch adds who it is. Failures are events. */
  answer(answer: Statement): void {
    if (!this.#released) this.#shared.watch.answer(answer);
  }

  /**
   * Resolves with the primary as soon as one is known. Rejects with a TopologyError that says for each node why not:
   * after `timeoutMs`, or at once when every node refuses our user or password.
   */
  ready(timeoutMs: number): Promise<PrimaryView> {
    return new Promise((resolve, reject) => {
      const { primary } = this;
      if (primary) return resolve(primary);
      const settle = (outcome: () => void) => {
        this.#shared.clock.clearTimer(timer);
        stop();
        this.#waiting.delete(check);
        outcome();
      };
      const check = () => {
        const view = this.primary;
        if (view) return settle(() => resolve(view));
        const error = this.#whyHopeless();
        if (error) settle(() => reject(error));
      };
      const timer = this.#shared.clock.setTimer(timeoutMs, () => settle(() => reject(this.#noPrimary(timeoutMs))));
      const stop = this.#shared.watch.onStep(check);
      this.#waiting.add(check);
      check();
    });
  }

  /** On the control connection to the primary. Rejects with a ReplyError, ConversationError or TopologyError. */
  ask(args: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    if (this.#released) return Promise.reject(releasedError());
    return this.#shared.watch.ask(args);
  }

  /** Everything known, for status. */
  nodes(): NodeView[] {
    return this.#shared.watch.nodes();
  }

  #whyHopeless(): TopologyError | undefined {
    if (this.#released) return releasedError();
    const nodes = [...this.#shared.watch.state.nodes.values()];
    if (!nodes.every((node) => node.lastFailure?.kind === 'auth')) return undefined;
    return new TopologyError('SEGUE_TOPOLOGY_AUTH', `every node refused us: ${whyNoPrimary(this.nodes())}`);
  }

  #noPrimary(timeoutMs: number): TopologyError {
    const nodes = whyNoPrimary(this.nodes());
    return new TopologyError('SEGUE_TOPOLOGY_NO_PRIMARY', `no primary found within ${timeoutMs} ms: ${nodes}`);
  }
}

function releasedError(): TopologyError {
  return new TopologyError('SEGUE_TOPOLOGY_RELEASED', 'the topology was released');
}
