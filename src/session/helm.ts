import { RespError } from '../resp/index.js';
import type { Approach } from './approach.js';
import type { Book } from './book.js';
import type { Capability } from './capability.js';
import { Handover } from './handover.js';
import type { Inlet } from './inlet.js';
import type { Intake } from './intake.js';
import { type Effect, type Event, initial, type Primary, type State, step } from './machine.js';
import type { SessionOptions } from './options.js';
import { flush, isBetweenCommands, type Upstream } from './outlet.js';
import { Prospect } from './prospect.js';
import type { PubSubFrame } from './pubsub-frame.js';
import type { Refusal } from './refusal.js';
import type { SessionPorts } from './session-ports.js';
import type { Settler } from './settle.js';
import { hasProvisional, resolveProvisional } from './uncertain.js';
import { Wait } from './wait.js';

/** The parts of a session that the helm sets in motion. */
export interface Crew<P extends Primary> {
  readonly book: Book;
  readonly intake: Intake;
  readonly settler: Settler;
  readonly inlet: Inlet;
  readonly capability: Capability;
  readonly ports: SessionPorts<P>;
  readonly options: SessionOptions;
  /** The session cannot go on. */
  end(reason: string): void;
}

const INVALIDATE_ALL = Buffer.from('>2\r\n$10\r\ninvalidate\r\n_\r\n');

/**
 * Takes a session from node to node: brings what happens before the machine (`machine.ts`), carries out what it answers,
 * and owns what that needs: the connection, the one that stands ready, the timer.
 */
export class Helm<P extends Primary> {
  readonly #wait: Wait<P>;
  #state: State<P> = initial;
  #link: Upstream | undefined;
  /** Until the link is joined. */
  #joining: Approach<P> | undefined;
  readonly #prospect: Prospect<P>;
  readonly #handover: Handover;
  #refusal: Refusal | undefined;
  #timer: unknown;
  #replayed = 0;
  #paused = false;
  /** In a hold: the session was quiet when it was last looked at. */
  #still = false;

  constructor(private readonly crew: Crew<P>) {
    const { book, intake, ports, options } = crew;
    const helm = this;
    this.#wait = new Wait<P>({
      book,
      intake,
      ports,
      holdTimeoutMs: options.holdTimeoutMs,
      get state() {
        return helm.#state;
      },
      tellUncertain: (node, commands) => this.#tellUncertain(node, commands),
    });
    this.#handover = new Handover({
      identity: book.identity,
      beacon: ports.beacon,
      bytesMax: options.handoverBytesMax,
      timeoutMs: options.handoverTimeoutMs,
      deliver: (frame) => ports.deliver(frame),
      now: () => ports.now(),
      setTimer: (ms, fire) => ports.setTimer(ms, fire),
      clearTimer: (timer) => ports.clearTimer(timer),
      onEvent: (event) => ports.onEvent(event),
      settled: (found) => this.#handoverSettled(found),
    });
    const handover = this.#handover;
    this.#prospect = new Prospect({
      identity: book.identity,
      scripts: ports.scripts,
      joinTimeoutMs: options.joinTimeoutMs,
      dial: (view, handlers) => ports.dial(view, handlers),
      setTimer: (ms, fire) => ports.setTimer(ms, fire),
      clearTimer: (timer) => ports.clearTimer(timer),
      deliver: (frame) => ports.deliver(frame),
      listener: {
        get channel() {
          return handover.channel;
        },
        get pairing() {
          return handover.pairing;
        },
        subscribedAhead: () => handover.subscribedAhead(),
        refusedAhead: (reason) => handover.refusedAhead(reason),
        newsAhead: (news, frame, link) => this.#newsAhead(news, frame, link),
      },
      deserted: () => handover.youngGone(),
      settled: () => {
        this.#pairUp();
        ports.onStandstill?.();
      },
      joined: ({ capable, rest }) => this.#joined(capable, rest),
      failed: (approach, reason) => this.#failed(approach, reason),
      // A link that is no longer the session's own has nothing to say to it.
      onData: (link, chunk) => (this.#link === link ? this.#onData(link, chunk) : handover.readOld(link, chunk)),
      onWritable: (link) => this.#link === link && this.flush(),
      onClose: (link, error) => (this.#link === link ? this.#onClose(error) : handover.oldGone(link)),
    });
  }

  get state(): State<P> {
    return this.#state;
  }

  get prospect(): Prospect<P> {
    return this.#prospect;
  }

  get quiet(): boolean {
    return this.#state.at === 'closed' || (this.crew.inlet.quiet && !this.#handover.pairing);
  }

  flush(): void {
    if (this.#state.at === 'flowing' && this.#link !== undefined) flush(this.crew.book, this.#link);
  }

  open(view: P | undefined): void {
    this.#wait.open();
    this.dispatch(view === undefined ? { type: 'open' } : { type: 'primary', view });
  }

  /** Commands have come. */
  taken(): void {
    if (this.#state.at === 'flowing') return;
    this.#wait.note();
    this.#arm();
  }

  hold(untilMs: number): void {
    this.#handover.allow();
    this.#still = this.quiet;
    this.dispatch({ type: 'hold', untilMs });
    this.#prospect.refresh();
    this.#pairUp();
    this.#still = this.quiet;
  }

  release(): void {
    this.dispatch({ type: 'release', impatient: false });
    // Whoever is on the way to another node may need it yet.
    if (this.#state.at === 'flowing') this.#prospect.drop();
  }

  pause(): void {
    this.#paused = true;
    if (this.#joining === undefined) this.#link?.pause();
    this.#handover.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#link?.resume();
    this.#handover.resume();
    if (this.#state.at === 'leaving') this.dispatch({ type: 'reading' });
  }

  close(): void {
    this.#handover.close();
    this.dispatch({ type: 'close' });
    this.#prospect.drop();
  }

  // ---- the only place that changes the state -------------------------------------------------------------------

  dispatch(event: Event<P>): void {
    const { ports, options, settler } = this.crew;
    const before = this.#state;
    const { state, effects } = step(before, event, { now: ports.now(), limits: options });
    this.#state = state;
    if (event.type === 'primary') this.#compareProcess(event.view);
    this.#watchHold(before, event.type);
    for (const effect of effects) {
      this.#carryOut(effect, before);
      // Carrying one out may end the session, or bring the next event at once.
      if (this.#state !== state) return;
    }
    if (before.at !== state.at) settler.settleAnswered();
    this.#arm();
    this.#lookAround();
  }

  #carryOut(effect: Effect<P>, before: State<P>): void {
    const left = 'view' in before ? before.view.node : '';
    switch (effect.do) {
      case 'seek':
        this.crew.ports.seek(effect.refusedBy, this.#takeHint());
        return;
      case 'dial':
        this.#dial(effect.view);
        return;
      case 'hang-up':
        this.#hangUp();
        return;
      case 'retire':
        this.#retire();
        return;
      case 'settle-lost':
        this.#settleLost(left);
        return;
      case 'rewind':
        this.#rewind(left);
        return;
      case 'resolve':
        this.#tellUncertain(
          effect.from.node,
          resolveProvisional(this.crew.book, effect.verdict, effect.from.node, this.#retry),
        );
        return;
      case 'arrive':
        this.#arrive(effect.view);
        return;
      case 'flow':
        this.flush();
        return;
      case 'stand':
        this.#stand(effect.view.node, effect.untilMs);
        return;
      case 'resume':
        this.#resume(effect.view.node, effect.why);
        return;
      case 'give-up':
        this.#wait.loop();
        return;
    }
  }

  /** What may be over by now: nothing more to wait for from the node that is left, or from the one held at. */
  #lookAround(): void {
    const { state } = this;
    if (state.at === 'leaving' && this.crew.inlet.drained) {
      this.dispatch({ type: 'drained' });
      return;
    }
    if (state.at === 'flowing' || state.at === 'closed' || state.course.hold === undefined) return;
    const was = this.#still;
    if (!was && this.crew.inlet.quiet) {
      this.#prospect.refresh();
      this.#pairUp();
    }
    this.#still = this.quiet;
    if (!was && this.#still) this.crew.ports.onStandstill?.();
  }

  // ---- commands that wait --------------------------------------------------------------------------------------

  #watchHold(before: State<P>, cause: string): void {
    const { at } = this.#state;
    if (at === 'flowing' || at === 'holding' || at === 'closed') return;
    // What was in flight in a hold by notice waits only from now on.
    if (before.at === 'holding') this.#wait.note();
    if (before.at !== 'flowing') return;
    const node = 'view' in this.#state ? this.#state.view.node : undefined;
    this.#wait.begin({ node, cause: cause === 'refused' ? (this.#refusal?.by ?? cause) : cause });
  }

  #stand(node: string, untilMs: number): void {
    this.#wait.begin({ node, cause: 'notice', limitMs: untilMs - this.crew.ports.now() });
  }

  #resume(node: string, why: 'released' | 'ran-out' | 'held-too-long'): void {
    this.crew.ports.onEvent({ type: 'resume', node, why, heldMs: this.#wait.end() });
    // The old connection must be as the client knows it before it is used again.
    if (this.#handover.pairing) this.#prospect.drop();
    this.flush();
  }

  /** One timer serves all that waits: the machine's own, and commands that may not wait any longer. */
  #arm(): void {
    const { ports } = this.crew;
    ports.clearTimer(this.#timer);
    this.#timer = undefined;
    const { state } = this;
    if (state.at === 'flowing' || state.at === 'closed') return;
    // Who does not read cannot be answered: that is no fault of the node's.
    if (state.at === 'leaving' && this.#paused) return;
    const at = Math.min(state.dueAt, state.at === 'leaving' ? Number.POSITIVE_INFINITY : this.#wait.expiresAt);
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = ports.setTimer(Math.max(0, Math.ceil(at - ports.now())), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    const { at } = this.#state;
    if (at === 'holding') {
      if (this.#wait.expiresAt <= this.crew.ports.now()) this.dispatch({ type: 'release', impatient: true });
    } else if (at !== 'flowing' && at !== 'leaving') {
      this.#wait.expire();
      this.crew.settler.settleAnswered();
      this.crew.ports.relieved?.();
    }
    this.dispatch({ type: 'due' });
  }

  // ---- joining a node ------------------------------------------------------------------------------------------

  #dial(view: P): void {
    this.crew.inlet.connect();
    const approach = this.#prospect.approachTo(view);
    this.#link = approach.link;
    this.#joining = approach;
    this.#handover.meet(approach.link);
    // What the node that was left did is judged by who is primary at this moment, not by older news.
    if (hasProvisional(this.crew.book)) approach.distrust();
    approach.adopt();
  }

  #failed(approach: Approach<P>, reason: string): void {
    if (approach === this.#joining) this.#missed(approach.view.node, reason);
    else this.#prospect.failed(approach);
  }

  #joined(capable: boolean, rest: Buffer): void {
    const { book, capability, ports } = this.crew;
    const link = this.#link!;
    const node = this.#joining?.view.node ?? '';
    this.#joining = undefined;
    if (this.#paused) this.#link?.pause();
    this.#handover.joined(node);
    capability.joined(capable);
    if (book.identity.tracking !== undefined && book.identity.protocol === 3) ports.deliver(INVALIDATE_ALL);
    this.dispatch({ type: 'joined' });
    if (rest.length > 0 && this.#link === link) this.#onData(link, Buffer.from(rest));
  }

  #missed(node: string, reason: string): void {
    this.#wait.blame(`${node}: ${reason}`);
    this.crew.ports.onEvent({ type: 'join-failed', node, reason });
    this.#hangUp();
    this.dispatch({ type: 'missed' });
  }

  #arrive(view: P): void {
    const { book, ports, settler } = this.crew;
    const { node, term } = view;
    book.cursors.arrived(view);
    ports.onEvent({ type: 'move', node, term, replayed: this.#replayed, heldMs: this.#wait.end() });
    this.#replayed = 0;
    settler.settleAnswered();
  }

  /** The node has been restarted: the connection is lost without knowing it, or led to the new process all the time. */
  #compareProcess({ node, process }: P): void {
    const { state } = this;
    const linked = state.at === 'flowing' || state.at === 'holding' || state.at === 'leaving';
    if (linked && state.view.node === node) this.crew.book.cursors.heard(process);
  }

  // ---- with a node ---------------------------------------------------------------------------------------------

  #onData(link: Upstream, chunk: Buffer): void {
    try {
      const rest = this.crew.inlet.read(chunk);
      // It was left in the middle of the chunk, but its messages may still be wanted.
      if (rest.length > 0 && this.#link !== link) this.#handover.readOld(link, rest);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#hangUp();
      this.#onClose(error);
      return;
    }
    this.#lookAround();
    this.crew.ports.relieved?.();
  }

  /** The node has said something that nobody asked for. */
  remark(text: string): void {
    this.#wait.blame(text);
  }

  progressed(): void {
    const { state } = this;
    if (state.at !== 'flowing' && state.at !== 'holding') return;
    if (state.course.moves > 0) this.dispatch({ type: 'progress' });
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  /** Of the session's own connection. */
  message(frame: Buffer): void {
    this.#handover.heard(frame);
  }

  /** Whether it is no client's. */
  isOwn(news: NonNullable<PubSubFrame>): boolean {
    if (news.is === 'marker') this.#handover.marked(news, 'old');
    return news.is === 'marker' || (news.is !== 'message' && this.#handover.confirmed(news.is, news.name, this.#link));
  }

  /** Whether an error answers a command that the client has not sent. */
  isOwnError(frame: Buffer): boolean {
    return this.#link !== undefined && this.#handover.refused(frame, this.#link);
  }

  /** What was aligned by the old subscriptions is not by the new. */
  subscriptionsChanged(): void {
    if (this.#prospect.listens) this.#prospect.drop();
  }

  #newsAhead(news: NonNullable<PubSubFrame>, frame: Buffer, link: Upstream): void {
    if (news.is === 'marker') this.#handover.marked(news, 'young');
    else if (news.is === 'message') this.#handover.heardAhead(frame);
    else if (!this.#handover.confirmed(news.is, news.name, link)) this.crew.ports.deliver(frame);
  }

  /** Standing still, the session takes its place in the messages of the node that it will probably go to. */
  #pairUp(): void {
    const { book, inlet } = this.crew;
    const link = this.#link;
    if (this.#state.at !== 'holding' || link === undefined || !inlet.drained || !isBetweenCommands(book)) return;
    if (!this.#handover.mayPair(book.transaction !== undefined)) return;
    this.#prospect.listen((ahead) => this.#handover.pair(link, ahead));
  }

  #handoverSettled(found: boolean): void {
    if (this.#joining !== undefined) {
      this.#joining.conclude();
      return;
    }
    const view = this.#prospect.prepared;
    if (!found && view !== undefined && this.#prospect.listens) {
      this.#prospect.drop();
      if (this.#state.at === 'holding') this.#prospect.prepare(view);
    }
    this.#lookAround();
  }

  // ---- leaving a node ------------------------------------------------------------------------------------------

  refused(refusal: Refusal): void {
    const { at } = this.#state;
    const node = at === 'flowing' || at === 'holding' ? this.#state.view.node : undefined;
    this.#refusal = refusal;
    this.#wait.blame(refusal.by);
    this.dispatch({ type: 'refused', bounce: refusal.bounce });
    const { state } = this;
    // One refused command alone is all that there is to drain: the node has been left by now.
    const asking = state.at === 'seeking' || (state.at === 'leaving' && state.next === undefined);
    if (node !== undefined && refusal.bounce && asking) this.#expect(node, refusal);
  }

  /** Goes to meet the next primary while the topology is still being asked who it is. */
  #expect(node: string, refusal: Refusal): void {
    const view = this.crew.ports.prospect(node, refusal.hint);
    if (view !== undefined && view.node !== node) this.#prospect.expect(view);
  }

  #takeHint(): Refusal['hint'] {
    const hint = this.#refusal?.hint;
    this.#refusal = undefined;
    return hint;
  }

  /** A connection that still holds the beginning of a command would hold its bytes, too. */
  #retire(): void {
    if (this.#hasKept()) return;
    if (this.#link?.writable === true) this.#link.retire();
    else this.#link?.close();
    this.#letGo();
  }

  /** Whether the connection stays open, for the sake of its messages. */
  #hasKept(): boolean {
    const { book, inlet } = this.crew;
    const link = this.#link;
    if (link === undefined || !isBetweenCommands(book)) return false;
    if (!this.#handover.keep(link, inlet.reader, book.transaction !== undefined)) return false;
    this.#detach();
    return true;
  }

  #hangUp(): void {
    const going = this.#joining ?? this.#link;
    this.#letGo();
    going?.close();
  }

  #onClose(error: Error | undefined): void {
    if (error !== undefined) this.#wait.blame(error.message);
    this.#letGo();
    this.dispatch({ type: 'lost' });
  }

  #letGo(): void {
    const link = this.#link;
    const isJoining = this.#joining !== undefined;
    this.#detach();
    if (isJoining) this.#handover.youngGone();
    else if (link !== undefined) this.#handover.oldGone(link);
  }

  #detach(): void {
    this.#link = undefined;
    this.#joining = undefined;
    this.crew.inlet.disconnect();
  }

  #settleLost(node: string): void {
    const { inlet } = this.crew;
    if (inlet.exposed) this.crew.end('the connection was lost in the middle of a reply');
    else this.#tellUncertain(node, inlet.lost(node, this.#retry));
  }

  #rewind(node: string): void {
    const { book, inlet, intake } = this.crew;
    const watching = book.watching;
    this.#replayed = book.ledger.sent - book.ledger.base;
    book.watching = false;
    book.rewind();
    inlet.forget();
    this.#tellUncertain(node, intake.rewound(watching));
    book.tidy();
  }

  #tellUncertain(node: string, commands: number): void {
    if (commands > 0) this.crew.ports.onEvent({ type: 'uncertain', node, commands });
  }

  get #retry(): boolean {
    return this.crew.options.onUncertain === 'retry';
  }
}
