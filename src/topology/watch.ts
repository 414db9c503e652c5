import type { Reply } from '../resp/decode.js';
import { type Clock, clock, netTransport, type Timer, type Transport } from '../transport/index.js';
import { ControlNode } from './control-node.js';
import { Listeners } from './listeners.js';
import { describeNodes, type NodeView } from './node-view.js';
import type { Endpoint } from './replication-report.js';
import { TopologyError } from './topology-error.js';
import type { TopologyEvent } from './topology-event.js';
import type { WatchPlan } from './topology-options.js';
import { emptyWatch, newNode } from './watch-draft.js';
import type { PrimaryView, WatchEffect, WatchEvent, WatchState } from './watch-state.js';
import { nextWakeMs, watchStep } from './watch-step.js';

/** The shell around watchStep: holds its state, carries out its effects, owns connections and the timer. */
export class Watch {
  readonly #plan: WatchPlan;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #onEvent = new Listeners<TopologyEvent>();
  readonly #onPrimary = new Listeners<PrimaryView>();
  readonly #stepListeners = new Set<() => void>();
  readonly #nodes = new Map<string, ControlNode>();
  readonly #answers = new Map<number, (view: PrimaryView | undefined) => void>();
  readonly #shared = new Map<string, { seq: number; answer: Promise<PrimaryView | undefined> }>();
  readonly #queue: WatchEvent[] = [];
  #state: WatchState;
  #stepping = false;
  #closed = false;
  #timer: Timer | undefined;
  #timerMs: number | undefined;
  #suspectIds = 0;

  constructor(plan: WatchPlan, transport: Transport = netTransport, time: Clock = clock) {
    this.#plan = plan;
    this.#transport = transport;
    this.#clock = time;
    const nodes = new Map(plan.seeds.map((address) => newNode(address, true)).map((node) => [node.key, node]));
    this.#state = { ...emptyWatch(plan.config), nodes };
  }

  /** After the first listener is there. */
  start(): void {
    this.#handle({ type: 'start' });
  }

  onEvent(listener: (event: TopologyEvent) => void): () => void {
    return this.#onEvent.add(listener);
  }

  onPrimary(listener: (view: PrimaryView) => void): () => void {
    return this.#onPrimary.add(listener);
  }

  /** After every step: something may have changed. For those who wait for the first primary, not for every session. */
  onStep(listener: () => void): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  get state(): WatchState {
    return this.#state;
  }

  get primary(): PrimaryView | undefined {
    return this.#state.standing.kind === 'settled' ? this.#state.standing.view : undefined;
  }

  nodes(): NodeView[] {
    return describeNodes(this.#state);
  }

  suspect(node: string | undefined, hint: Endpoint | undefined): Promise<PrimaryView | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const key = `${node ?? ''} ${hint ? `${hint.host}:${hint.port}` : ''}`;
    const shared = this.#shared.get(key);
    // No probe has left since that one was raised, so the same probe answers this one too.
    if (shared && shared.seq === this.#state.seq) return shared.answer;
    const id = ++this.#suspectIds;
    const answer = new Promise<PrimaryView | undefined>((resolve) => this.#answers.set(id, resolve));
    this.#handle({ type: 'suspect', id, node, hint });
    if (this.#answers.has(id)) this.#shared.set(key, { seq: this.#state.seq, answer });
    else this.#shared.delete(key);
    return answer;
  }

  ask(args: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    const node = this.primary && this.#nodes.get(this.#state.lineage.reign?.node ?? '');
    if (node) return node.conversation.request(args);
    return Promise.reject(new TopologyError('SEGUE_TOPOLOGY_NO_PRIMARY', 'no primary is known'));
  }

  close(): void {
    this.#closed = true;
    this.#clock.clearTimer(this.#timer);
    for (const node of this.#nodes.values()) node.close();
    this.#nodes.clear();
    for (const answer of this.#answers.values()) answer(undefined);
    this.#answers.clear();
    this.#onEvent.clear();
    this.#onPrimary.clear();
    this.#stepListeners.clear();
  }

  /** One event at a time: what listeners cause while effects are carried out waits its turn. */
  #handle(event: WatchEvent): void {
    if (this.#closed) return;
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#queue.shift(); next && !this.#closed; next = this.#queue.shift()) {
      const { state, effects } = watchStep(this.#state, next, this.#clock.now());
      this.#state = state;
      for (const effect of effects) this.#carryOut(effect);
      for (const listener of [...this.#stepListeners]) listener();
    }
    this.#stepping = false;
    if (this.#answers.size === 0) this.#shared.clear();
    this.#schedule();
  }

  #carryOut(effect: WatchEffect): void {
    if (this.#closed) return;
    switch (effect.type) {
      case 'dial':
        this.#dial(effect);
        return;
      case 'hang-up':
        this.#nodes.get(effect.node)?.close();
        this.#nodes.delete(effect.node);
        return;
      case 'probe':
        this.#nodes.get(effect.node)?.probe(effect.seq);
        return;
      case 'publish':
        this.#onPrimary.tell(effect.view);
        return;
      case 'answer':
        this.#answers.get(effect.id)?.(effect.view);
        this.#answers.delete(effect.id);
        return;
      case 'event':
        this.#onEvent.tell(effect.event);
        return;
    }
  }

  #dial({ node, address, seq }: WatchEffect & { type: 'dial' }): void {
    const { username, password } = this.#plan.credentialsOf(node);
    let isFirst = true;
    const control = new ControlNode(
      {
        address,
        connectTimeoutMs: this.#plan.config.connectTimeoutMs,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(this.#plan.tls ? { tls: this.#plan.tls } : {}),
        unref: true,
        transport: this.#transport,
        clock: this.#clock,
      },
      {
        onProbed: (probeSeq, { identity, report, roleOnly }) => {
          const known = isFirst ? identity : undefined;
          isFirst = false;
          this.#handle({ type: 'probed', node, seq: probeSeq, report, identity: known, roleOnly });
        },
        onClosed: (failure) => {
          if (this.#nodes.get(node) === control) this.#nodes.delete(node);
          this.#handle({ type: 'closed', node, failure });
        },
      },
    );
    this.#nodes.get(node)?.close();
    this.#nodes.set(node, control);
    control.probe(seq);
  }

  #schedule(): void {
    if (this.#closed) return;
    const dueMs = nextWakeMs(this.#state);
    if (dueMs === this.#timerMs) return;
    this.#clock.clearTimer(this.#timer);
    this.#timerMs = dueMs;
    if (dueMs === undefined) return;
    const waitMs = Math.max(1, Math.ceil(dueMs - this.#clock.now()));
    this.#timer = this.#clock.setTimer(
      waitMs,
      () => {
        this.#timerMs = undefined;
        this.#handle({ type: 'wake' });
      },
      { unref: true },
    );
  }
}
