import { randomUUID } from 'node:crypto';
import { type Reply, ReplyError } from '../resp/decode.js';
import { type Address, type Clock, clock, netTransport, type Timer, type Transport } from '../transport/index.js';
import { ControlNode } from './control-node.js';
import { Conversation, type ConversationOptions } from './conversation.js';
import { type HeardNotice, heardNotice } from './heard-notice.js';
import { Listeners } from './listeners.js';
import { describeNodes, type NodeView } from './node-view.js';
import { answerChannel, encodeAnswer, type Notice, type Statement } from './notice.js';
import { NoticeHearing } from './notice-hearing.js';
import type { Endpoint } from './replication-report.js';
import { TopologyError } from './topology-error.js';
import type { TopologyEvent } from './topology-event.js';
import type { WatchPlan } from './topology-options.js';
import { emptyWatch, newNode } from './watch-draft.js';
import type { PrimaryView, WatchEffect, WatchEvent, WatchState } from './watch-state.js';
import { nextWakeMs, watchStep } from './watch-step.js';

/** What publishers send, who may be anybody, is read no further than this. */
const EAR_BYTES_MAX = 64 * 1024;

/** The shell around watchStep: holds its state, carries out its effects, owns connections and the timer. */
export class Watch {
  readonly #plan: WatchPlan;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #onEvent = new Listeners<TopologyEvent>();
  readonly #onPrimary = new Listeners<PrimaryView>();
  readonly #stepListeners = new Set<() => void>();
  readonly #onNotice = new Listeners<HeardNotice>();
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
  /** Only while somebody listens to notices. */
  #hearing: NoticeHearing | undefined;
  #passedOn: Promise<void> = Promise.resolve();
  /** This watch, in answers to notices. */
  readonly #name = randomUUID();
  #cannotAnswer = false;

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

  /** The first listener makes the watch subscribe at every node; after the last one it listens no more. */
  onNotice(listener: (heard: HeardNotice) => void): () => void {
    const remove = this.#onNotice.add(listener);
    if (!this.#closed && this.#hearing === undefined) {
      this.#hearing = this.#newHearing();
      for (const [node, { link }] of this.#state.nodes) if (link.kind === 'up') this.#hearing.attend(node);
    }
    return () => {
      remove();
      if (!this.#onNotice.isEmpty) return;
      this.#hearing?.close();
      this.#hearing = undefined;
    };
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
    return describeNodes(this.#state, this.#clock.now());
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

  look(node: string): Promise<void> {
    if (this.#state.nodes.get(node)?.link.kind !== 'up') return Promise.resolve();
    this.#handle({ type: 'look', node });
    return this.#nodes.get(node)?.answered() ?? Promise.resolve();
  }

  ask(args: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    const node = this.primary && this.#nodes.get(this.#state.lineage.reign?.node ?? '');
    if (node) return node.conversation.request(args);
    return Promise.reject(new TopologyError('SEGUE_TOPOLOGY_NO_PRIMARY', 'no primary is known'));
  }

  /**
   * On the primary: before the switch where it was asked, and what is said after it, on the new one. What becomes of it
   * nobody here waits for.
   */
  answer(answer: Statement): void {
    const text = encodeAnswer({ ...answer, process: this.#name });
    this.ask(['PUBLISH', answerChannel(answer.id), text]).catch((error: Error) => {
      if (this.#cannotAnswer || this.#closed || !(error instanceof ReplyError)) return;
      this.#cannotAnswer = true;
      this.#onEvent.tell({ type: 'notices-unavailable', node: this.primary?.node ?? '', reason: error.message });
    });
  }

  close(): void {
    this.#closed = true;
    this.#hearing?.close();
    this.#onNotice.clear();
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
        this.#hearing?.forget(effect.node);
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
    let isFirst = true;
    const control = new ControlNode(this.#conversationWith(node, address), {
      onProbed: (probeSeq, { identity, report, roleOnly }) => {
        const known = isFirst ? identity : undefined;
        isFirst = false;
        this.#handle({ type: 'probed', node, seq: probeSeq, report, identity: known, roleOnly });
        // It may have turned out to be another name of a node.
        if (this.#nodes.get(node) === control) this.#hearing?.attend(node);
      },
      onClosed: (failure) => {
        if (this.#nodes.get(node) === control) this.#nodes.delete(node);
        this.#hearing?.forget(node);
        this.#handle({ type: 'closed', node, failure });
      },
    });
    this.#nodes.get(node)?.close();
    this.#nodes.set(node, control);
    control.probe(seq);
  }

  #conversationWith(node: string, address: Address): ConversationOptions {
    const { username, password } = this.#plan.credentialsOf(node);
    return {
      address,
      connectTimeoutMs: this.#plan.config.connectTimeoutMs,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(this.#plan.tls ? { tls: this.#plan.tls } : {}),
      unref: true,
      transport: this.#transport,
      clock: this.#clock,
    };
  }

  #newHearing(): NoticeHearing {
    return new NoticeHearing({
      open: (node, more) => {
        const known = this.#state.nodes.get(node);
        if (known?.link.kind !== 'up') return undefined;
        const name = 'segue-notices';
        return new Conversation({
          ...this.#conversationWith(node, known.address),
          ...more,
          name,
          replyBytesMax: EAR_BYTES_MAX,
        });
      },
      onNotice: (notice) => this.#onHeard(notice),
      onEvent: (event) => this.#onEvent.tell(event),
      clock: this.#clock,
      retryMs: this.#plan.config.probeIntervalMs,
    });
  }

  /** One after the other, in the order in which they came. */
  #onHeard(notice: Notice): void {
    const next = () => this.#passOn(notice);
    this.#passedOn = this.#passedOn.then(next, next);
  }

  /**
   * Before a switch is prepared, all nodes are asked: what was seen last may be older than the switch before. And a node
   * that is seen as a replica now is believed at once when it says that it was promoted.
   */
  async #passOn(notice: Notice): Promise<void> {
    if (notice.kind === 'prepare') await this.suspect(undefined, undefined);
    if (this.#closed) return;
    const heard = heardNotice(this.#state, notice);
    const { kind, id, from, to } = notice;
    const refused = heard.isFit ? undefined : heard.reason;
    this.#onEvent.tell({ type: 'notice', kind, id, from, to, refused });
    this.#onNotice.tell(heard);
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
