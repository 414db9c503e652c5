import { Connection, type ConnectionHost } from './connection.js';
import type { Crew } from './crew.js';
import { forgetCached } from './forget-cached.js';
import { Leavings } from './leavings.js';
import { type Effect, type Event, step } from './machine.js';
import { Reading, type ReadingHost } from './reading.js';
import type { Refusal } from './refusal.js';
import { initial, type Primary, type State } from './state.js';
import { Wait, type WaitHost } from './wait.js';

/**
 * Takes a session from node to node: brings what happens before the machine (`machine.ts`), carries out what it answers,
 * and owns what that needs: the connection, and the timer.
 */
export class Helm<P extends Primary> implements ConnectionHost<P>, ReadingHost<P>, WaitHost<P> {
  readonly connection: Connection<P>;
  readonly reading: Reading<P>;
  readonly #wait: Wait<P>;
  readonly #leavings: Leavings<P>;
  #state: State<P> = initial;
  #refusal: Refusal | undefined;
  /** The time to join this one is over, unless the process itself stood still. */
  #late: P | undefined;
  /** In a hold: the session was quiet when it was last looked at. */
  #still = false;

  constructor(private readonly crew: Crew<P>) {
    this.#leavings = new Leavings<P>(crew);
    this.#wait = new Wait<P>(crew, this);
    this.reading = new Reading<P>(crew, this);
    this.connection = new Connection<P>(crew, this);
  }

  get state(): State<P> {
    return this.#state;
  }

  /** The client takes no bytes for now. */
  get paused(): boolean {
    return this.connection.paused;
  }

  get quiet(): boolean {
    // Who reads from a replica has nothing to hold.
    return this.#state.at === 'closed' || this.reading.atReplica || (this.crew.inlet.quiet && !this.connection.pairing);
  }

  open(view: P | undefined): void {
    this.#wait.open();
    const place = this.reading.place ?? view;
    this.dispatch(place === undefined ? { type: 'open' } : { type: 'primary', view: place });
  }

  /** Commands have come. */
  taken(): void {
    if (this.#state.at === 'flowing') return;
    this.#wait.note();
    this.#wait.arm();
  }

  hold(untilMs: number): void {
    const { connection } = this;
    connection.expectSwitch();
    this.#still = this.quiet;
    this.dispatch({ type: 'hold', untilMs });
    connection.prospect.refresh();
    connection.pairUp();
    this.#still = this.quiet;
  }

  release(): void {
    this.dispatch({ type: 'release', impatient: false });
    // Whoever is on the way to another node may need it yet.
    if (this.#state.at === 'flowing') this.connection.prospect.drop();
  }

  resume(): void {
    this.connection.resume();
    if (this.#state.at === 'leaving') this.dispatch({ type: 'reading' });
  }

  close(): void {
    this.reading.close();
    this.connection.close();
    this.dispatch({ type: 'close' });
  }

  // ---- the only place that changes the state -------------------------------------------------------------------

  dispatch(event: Event<P>): void {
    const { ports, options, settler } = this.crew;
    const before = this.#state;
    const { state, effects } = step(before, event, { now: ports.now(), limits: options });
    this.#state = state;
    if (event.type === 'primary') this.#compareProcess(event.view);
    this.#wait.watch(before, this.#causeOf(event));
    for (const effect of effects) {
      this.#carryOut(effect, before);
      // Carrying one out may end the session, or bring the next event at once.
      if (this.#state !== state) return;
    }
    if (before.at === 'flowing' && state.at === 'flowing') this.#compareRoles(before.view, state.view);
    if (before.at !== state.at) settler.settleAnswered();
    this.stirred();
    // What has gone further already has armed its own.
    if (this.#state === state) this.#wait.arm();
  }

  #carryOut(effect: Effect<P>, before: State<P>): void {
    const left = 'view' in before ? before.view.node : '';
    switch (effect.do) {
      case 'seek':
        this.#seek(effect.refusedBy);
        return;
      case 'dial':
        this.connection.dial(effect.view);
        return;
      case 'hang-up':
        this.connection.hangUp();
        return;
      case 'retire':
        this.connection.retire();
        return;
      case 'settle-lost':
        this.#leavings.lost(left);
        return;
      case 'rewind':
        this.#leavings.rewind(left);
        return;
      case 'resolve':
        this.#leavings.resolve(effect.from.node, effect.verdict);
        return;
      case 'arrive':
        this.#arrive(effect.view);
        return;
      case 'flow':
        this.connection.flush();
        return;
      case 'stand':
        this.#wait.stand(effect.view.node, effect.untilMs);
        return;
      case 'resume':
        this.#resume(effect.view.node, effect.why);
        return;
      case 'give-up':
        this.#wait.loop();
        return;
    }
  }

  /** The time is over for the state, or for commands in it. */
  due(): void {
    const { at } = this.#state;
    if (this.#state.at === 'leaving') {
      const isDue = this.#state.dueAt <= this.crew.ports.now();
      if (isDue) this.#tellLost(`no answer within ${this.crew.options.drainTimeoutMs} ms`);
    } else if (at === 'holding') {
      if (this.#wait.expiresAt <= this.crew.ports.now()) this.dispatch({ type: 'release', impatient: true });
    } else if (at !== 'flowing') {
      this.#wait.expire();
      this.crew.settler.settleAnswered();
      this.crew.ports.relieved?.();
    }
    if (this.connection.queued) this.dispatch({ type: 'delayed' });
    else this.#stateIsDue();
  }

  #stateIsDue(): void {
    this.#late = this.#state.at === 'joining' ? this.#state.view : undefined;
    this.dispatch({ type: 'due' });
    this.#late = undefined;
  }

  tellUncertain(node: string, commands: number): void {
    this.#leavings.tellUncertain(node, commands, 'answered');
  }

  #tellMissed(view: P): void {
    const reason = `not joined within ${this.crew.options.joinTimeoutMs} ms`;
    this.#wait.blame(`${view.node}: ${reason}`);
    this.crew.ports.onEvent({ type: 'join-failed', node: view.node, reason, ahead: false });
    this.reading.missed(view);
  }

  #seek(refusedBy: string | undefined): void {
    if (this.#late !== undefined) this.#tellMissed(this.#late);
    this.#late = undefined;
    const view = this.reading.place;
    if (view === undefined) this.crew.ports.seek(refusedBy, this.#takeHint());
    else this.dispatch({ type: 'primary', view });
  }

  /** What may be over by now: nothing more to wait for from the node that is left, or from the one held at. */
  stirred(): void {
    this.reading.glance();
    const { state } = this;
    if (state.at === 'leaving' && this.crew.inlet.drained) {
      this.dispatch({ type: 'drained' });
      return;
    }
    if (state.at === 'flowing' || state.at === 'closed' || state.course.hold === undefined) return;
    const was = this.#still;
    if (!was && this.crew.inlet.quiet) {
      this.connection.prospect.refresh();
      this.connection.pairUp();
    }
    this.#still = this.quiet;
    if (!was && this.#still) this.crew.ports.onStandstill?.();
  }

  #causeOf(event: Event<P>): string {
    if (event.type === 'refused') return this.#refusal?.by ?? event.type;
    return event.type === 'primary' && event.view.replica === true ? 'replica' : event.type;
  }

  #resume(node: string, why: 'released' | 'ran-out' | 'held-too-long'): void {
    this.crew.ports.onEvent({ type: 'resume', node, why, heldMs: this.#wait.end() });
    // The old connection must be as the client knows it before it is used again.
    if (this.connection.pairing) this.connection.prospect.drop();
    this.connection.flush();
  }

  // ---- with a node ---------------------------------------------------------------------------------------------

  joined(node: string, capable: boolean): void {
    const { book, capability, ports } = this.crew;
    capability.joined(capable);
    if (book.identity.monitor) ports.onEvent({ type: 'monitor-restart', node });
    const forget = forgetCached(book.identity);
    if (forget !== undefined) {
      ports.deliver(forget);
      ports.onEvent({ type: 'tracking-reset', node });
    }
    this.dispatch({ type: 'joined' });
  }

  begun(): void {
    this.dispatch({ type: 'delayed' });
  }

  missed(node: string, reason: string): void {
    this.#wait.blame(`${node}: ${reason}`);
    this.crew.ports.onEvent({ type: 'join-failed', node, reason, ahead: false });
    this.connection.hangUp();
    if (this.#state.at === 'joining') this.reading.missed(this.#state.view);
    this.dispatch({ type: 'missed' });
  }

  #arrive(view: P): void {
    const { book, ports, settler } = this.crew;
    const { node, term } = view;
    book.cursors.arrived(view);
    const heldMs = this.#wait.end();
    const replica = view.replica === true ? { replica: true as const } : {};
    ports.onEvent({ type: 'move', node, term, ...this.#leavings.takeCounts(), heldMs, ...replica });
    this.reading.arrived(view);
    settler.settleAnswered();
  }

  /** The node has been restarted: the connection is lost without knowing it, or led to the new process all the time. */
  #compareProcess({ node, process }: P): void {
    const { state } = this;
    const linked = state.at === 'flowing' || state.at === 'holding' || state.at === 'leaving';
    if (linked && state.view.node === node) this.crew.book.cursors.heard(process);
  }

  /** The node has been promoted, or demoted, under the connection. */
  #compareRoles(before: P, view: P): void {
    if (before.node !== view.node || before.replica === view.replica) return;
    this.reading.arrived(view);
    if (view.replica !== true) this.crew.capability.missing();
    this.connection.flush();
  }

  /** The node has said something that nobody asked for. */
  remark(text: string): void {
    this.#wait.blame(text);
    this.crew.ports.onEvent({ type: 'remark', node: this.#node, text });
  }

  get #node(): string {
    return 'view' in this.#state ? this.#state.view.node : '';
  }

  progressed(): void {
    const { state } = this;
    if (state.at !== 'flowing' && state.at !== 'holding') return;
    if (state.course.moves > 0) this.dispatch({ type: 'progress' });
  }

  // ---- leaving a node ------------------------------------------------------------------------------------------

  refused(refusal: Refusal): void {
    const { at } = this.#state;
    const node = at === 'flowing' || at === 'holding' ? this.#state.view.node : undefined;
    this.#refusal = refusal;
    this.#wait.blame(refusal.by);
    if (at === 'flowing') this.reading.refused(this.#state.view, refusal);
    this.dispatch({ type: 'refused', bounce: refusal.bounce });
    const { state } = this;
    // One refused command alone is all that there is to drain: the node has been left by now.
    const asking = state.at === 'seeking' || (state.at === 'leaving' && state.next === undefined);
    if (node !== undefined && refusal.bounce && asking) this.#expect(node, refusal);
  }

  /** Goes to meet the next primary while the topology is still being asked who it is. */
  #expect(node: string, refusal: Refusal): void {
    const view = this.crew.ports.prospect(node, refusal.hint);
    if (view !== undefined && view.node !== node) this.connection.prospect.expect(view);
  }

  #takeHint(): Refusal['hint'] {
    const hint = this.#refusal?.hint;
    this.#refusal = undefined;
    return hint;
  }

  lost(error: Error | undefined): void {
    if (error !== undefined) this.#wait.blame(error.message);
    this.#tellLost(error?.message ?? 'the node closed the connection');
    if (this.#state.at === 'flowing') this.reading.lost(this.#state.view);
    this.dispatch({ type: 'lost' });
  }

  #tellLost(reason: string): void {
    const { book, ports } = this.crew;
    ports.onEvent({ type: 'lost', node: this.#node, reason, unanswered: book.ledger.inflight });
  }
}
