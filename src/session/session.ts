import { type CommandTable, encodeCommand, ReplyScanner, RespError } from '../resp/index.js';
import type { Approach, UpstreamHandlers } from './approach.js';
import { Book } from './book.js';
import { Drain } from './drain.js';
import { expire } from './expire.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import { Hold } from './hold.js';
import type { ClientDescription } from './identity.js';
import { Intake } from './intake.js';
import { type Effect, type Event, initial, type Primary, type State, step, type Verdict } from './machine.js';
import { SESSION_DEFAULTS, type SessionOptions } from './options.js';
import { flush, type Upstream } from './outlet.js';
import { Prospect } from './prospect.js';
import { type Refusal, refusalOf } from './refusal.js';
import type { ScriptCache } from './script-cache.js';
import type { WireCode } from './session-error.js';
import type { SessionEvent } from './session-event.js';
import { Settler } from './settle.js';
import { hasProvisional, resolveProvisional, settleLost } from './uncertain.js';

/** The world around a session. The door provides it. */
export interface SessionPorts<P extends Primary> {
  /** Bytes for the client, in order. They belong to the receiver. */
  deliver(chunk: Buffer): void;
  /** The client takes what is delivered from now on for something else than before: let it have a turn in between. */
  breathe?(): void;
  /** The session has ended by itself: QUIT, bytes that are no RESP, or half a reply that cannot be completed. */
  ended(reason: string | undefined): void;
  dial(view: P, handlers: UpstreamHandlers): Upstream;
  /** The node that will probably be named next, now that `refusedBy` has refused; only one that is trusted. */
  prospect(refusedBy: string, hint: { host: string; port: number } | undefined): P | undefined;
  /** In a hold: the session has become `quiet`. Or what `prepare` began has come to an end, good or bad. */
  onStandstill?(): void;
  /** Asks the topology, which answers by `primaryIs`, now or later or not at all. */
  seek(refusedBy: string | undefined, hint: { host: string; port: number } | undefined): void;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  unknownCommand(name: string): void;
  /**
   * An answer of the door's own, instead of sending the command. Asked for administrative commands, and those that mean
   * something to the session. An error spoils a transaction; another answer is not used within one.
   */
  answers?(name: string, args: readonly Buffer[]): Buffer | undefined;
  /** Less may be outstanding than before: whoever stopped taking commands because of `retained` looks again. */
  relieved?(): void;
  onEvent(event: SessionEvent): void;
  readonly table: CommandTable;
  readonly scripts: ScriptCache;
}

const CAPA = encodeCommand(['CLIENT', 'CAPA', 'redirect']);
const INVALIDATE_ALL = Buffer.from('>2\r\n$10\r\ninvalidate\r\n_\r\n');

/**
 * One client's session. It holds connections to nodes one after the other; the client never notices which.
 *
 * Bytes: `write` → intake → book → outlet → node → frame reader → settler → `ports.deliver`.
 * Control: everything that ends this flow goes as an event through the machine (`machine.ts`), the one place that
 * changes `#state`, and comes back as effects.
 */
export class Session<P extends Primary> implements FrameSink {
  readonly #book = new Book();
  readonly #options: SessionOptions;
  readonly #intake: Intake;
  readonly #settler: Settler;
  readonly #hold = new Hold();
  #state: State<P> = initial;
  #link: Upstream | undefined;
  /** Until the link is joined. */
  #joining: Approach<P> | undefined;
  readonly #prospect: Prospect<P>;
  /** The connection whose bytes are being read. */
  #source: Upstream | undefined;
  #reader: FrameReader;
  #drain: Drain | undefined;
  /** Whether the node knows that this client understands redirects. `due`: it would hear it now. */
  #capability: 'told' | 'refused' | 'due' = 'told';
  #timer: unknown;
  #replayed = 0;
  #lastTrouble: string | undefined;
  #paused = false;
  /** In a hold: the session was quiet when it was last looked at. */
  #still = false;

  constructor(
    private readonly ports: SessionPorts<P>,
    options: Partial<SessionOptions> = {},
  ) {
    this.#options = { ...SESSION_DEFAULTS, ...options };
    this.#reader = this.#freshReader();
    const session = this;
    this.#intake = new Intake(this.#book, ports.table, {
      options: this.#options,
      scripts: ports.scripts,
      now: () => ports.now(),
      unknownCommand: (name) => ports.unknownCommand(name),
      unreadable: (code) => ports.onEvent({ type: 'unreadable', code }),
      answers: (name, args) => ports.answers?.(name, args),
      get holding() {
        return session.#state.at !== 'flowing';
      },
    });
    this.#prospect = new Prospect({
      identity: this.#book.identity,
      scripts: ports.scripts,
      joinTimeoutMs: this.#options.joinTimeoutMs,
      dial: (view, handlers) => ports.dial(view, handlers),
      setTimer: (ms, fire) => ports.setTimer(ms, fire),
      clearTimer: (timer) => ports.clearTimer(timer),
      deliver: (frame) => ports.deliver(frame),
      settled: () => ports.onStandstill?.(),
      joined: ({ capable, rest }) => this.#joined(capable, rest),
      failed: (approach, reason) => this.#failed(approach, reason),
      // A link that is no longer the session's own has nothing to say to it.
      onData: (link, chunk) => this.#link === link && this.#onData(chunk),
      onWritable: (link) => this.#link === link && this.flush(),
      onClose: (link, error) => this.#link === link && this.#onClose(error),
    });
    this.#settler = new Settler(this.#book, {
      scripts: ports.scripts,
      deliver: (bytes) => ports.deliver(bytes),
      farewell: () => this.#end(undefined),
      authenticated: () => {
        if (this.#capability === 'refused') this.#capability = 'due';
        this.#announceCapability();
      },
      noTransaction: () => this.#intake.noTransaction(),
      monitoring: () => ports.breathe?.(),
    });
  }

  /** Where the session is, for events and tests. */
  get state(): State<P> {
    return this.#state;
  }

  /** Who the client is, fit to be shown. */
  get client(): ClientDescription {
    return this.#book.identity.description;
  }

  /** Whole commands that were taken so far. */
  get taken(): number {
    return this.#book.ledger.tail;
  }

  /** Commands without an answer. */
  get unanswered(): number {
    return this.#book.ledger.unanswered;
  }

  /** The first of them may wait in the server for as long as it likes. */
  get blocked(): boolean {
    const { ledger } = this.#book;
    return ledger.unanswered > 0 && ledger.note(ledger.head)?.role.is === 'blocking';
  }

  /** What is kept until it is answered. A client with nothing outstanding and no open transaction costs none of it. */
  get retained(): { bytes: number; commands: number; notes: number } {
    const { ledger, log } = this.#book;
    return { bytes: log.bytes, commands: ledger.tail - ledger.base, notes: ledger.notes };
  }

  /** Begins. With a `view` the topology need not be asked. */
  open(view?: P): void {
    this.#hold.begin(0, this.#book.ledger.tail, this.ports.now());
    this.#dispatch(view === undefined ? { type: 'open' } : { type: 'primary', view });
  }

  /** Bytes from the client: any part of any number of commands. A Buffer of 4 KiB or more must not change until answered. */
  take(chunk: string | Buffer): void {
    if (this.#state.at === 'closed') return;
    this.#intake.take(chunk);
    const { ledger } = this.#book;
    if (this.#state.at !== 'flowing') {
      this.#hold.note(ledger.tail, this.ports.now());
      this.#arm();
    }
    if (this.#book.altered) this.#settler.settleAnswered();
    if (this.#capability === 'due') this.#announceCapability();
  }

  /** Sends what was taken. Apart from `take`, so that a door can join what one tick brings into one write. */
  flush(): void {
    if (this.#state.at === 'flowing' && this.#link !== undefined) flush(this.#book, this.#link);
  }

  /** The topology's answer to `ports.seek`, or its news. */
  primaryIs(view: P): void {
    this.#dispatch({ type: 'primary', view });
  }

  /** A switch to `view` is about to happen: a connection there is made ready, while commands go on where they go now. */
  prepare(view: P): void {
    if (this.#state.at === 'closed') return;
    if ('view' in this.#state && this.#state.view.node === view.node) return;
    this.#prospect.prepare(view);
  }

  /** The node where a connection stands ready, with all that the client had set when it was last looked at. */
  get prepared(): P | undefined {
    return this.#prospect.prepared;
  }

  /** What `prepare` began has not come to an end; `onStandstill` tells when it does. */
  get preparing(): boolean {
    return this.#prospect.preparing;
  }

  /**
   * A switch is about to happen: nothing more is sent until then (clock time, milliseconds) unless the session moves to
   * another primary or is released before. One that is with no node at the moment does not begin before then with the
   * node that is primary now. No command waits for longer than `holdTimeoutMs`, though: then this session goes on.
   */
  hold(untilMs: number): void {
    this.#still = this.quiet;
    this.#dispatch({ type: 'hold', untilMs });
    this.#prospect.refresh();
  }

  /** The hold is over: the session goes on where it is. */
  release(): void {
    this.#dispatch({ type: 'release', impatient: false });
  }

  /**
   * No answer is owed, except to a command that blocks in the server, and to those behind it, which wait like it. True at
   * once in `hold` where it can be; `onStandstill` tells when it becomes true later. May become false again: a blocked
   * command may be served at any time.
   */
  get quiet(): boolean {
    const { ledger } = this.#book;
    if (ledger.inflight === 0 || this.#state.at === 'closed') return true;
    const owed = this.#drain === undefined ? ledger.note(ledger.head) : this.#drain.expected;
    return owed?.role.is === 'blocking' || this.#drain?.done === true;
  }

  /** The client takes no more bytes for now. */
  pause(): void {
    this.#paused = true;
    if (this.#joining === undefined) this.#link?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#link?.resume();
    this.#dispatch({ type: 'reading' });
  }

  /** The client has gone. What it was not answered is dropped. */
  close(): void {
    this.#dispatch({ type: 'close' });
    this.#prospect.drop();
  }

  #end(reason: string | undefined): void {
    if (this.#state.at === 'closed') return;
    this.close();
    this.ports.ended(reason);
  }

  // ---- control: the only place that changes the state ----------------------------------------------------------

  #dispatch(event: Event<P>): void {
    const before = this.#state;
    const { state, effects } = step(before, event, { now: this.ports.now(), limits: this.#options });
    this.#state = state;
    this.#watchHold(before, event.type);
    for (const effect of effects) {
      this.#carryOut(effect, before);
      // Carrying one out may end the session, or bring the next event at once.
      if (this.#state !== state) return;
    }
    if (before.at !== state.at) this.#settler.settleAnswered();
    this.#arm();
    this.#maybeDrained();
    this.#maybeStill();
  }

  #carryOut(effect: Effect<P>, before: State<P>): void {
    switch (effect.do) {
      case 'seek':
        this.ports.seek(effect.refusedBy, this.#takeHint());
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
        this.#settleLost('view' in before ? before.view.node : '');
        return;
      case 'rewind':
        this.#rewind('view' in before ? before.view.node : '');
        return;
      case 'resolve':
        this.#resolve(effect.verdict, effect.from.node);
        return;
      case 'arrive':
        this.#arrive((this.#state as State<P> & { at: 'flowing' | 'holding' }).view);
        return;
      case 'flow':
        this.flush();
        return;
      case 'stand':
        this.#stand(effect.untilMs);
        return;
      case 'resume':
        this.#resume(effect.why);
        return;
      case 'give-up':
        this.#giveUp(this.#waiting + 1, 'REDIRECTLOOP');
        return;
    }
  }

  #watchHold(before: State<P>, cause: string): void {
    const { at } = this.#state;
    if (at === 'flowing' || at === 'holding' || at === 'closed') return;
    // What was in flight in a hold waits only from now on.
    if (before.at === 'holding') this.#hold.note(this.#book.ledger.tail, this.ports.now());
    if (before.at !== 'flowing') return;
    const node = 'view' in this.#state ? this.#state.view.node : undefined;
    this.#beginHold({ node, cause: cause === 'refused' ? (this.#refusal?.by ?? cause) : cause });
  }

  #beginHold(what: { node: string | undefined; cause: string; limitMs?: number }): void {
    this.#hold.begin(this.#waiting, this.#book.ledger.tail, this.ports.now());
    this.ports.onEvent({ type: 'hold', ...what });
  }

  #stand(untilMs: number): void {
    const { view } = this.#state as State<P> & { at: 'holding' };
    this.#beginHold({ node: view.node, cause: 'notice', limitMs: untilMs - this.ports.now() });
  }

  #resume(why: 'released' | 'ran-out' | 'held-too-long'): void {
    const { view } = this.#state as State<P> & { at: 'flowing' };
    const heldMs = this.#hold.end(this.ports.now());
    this.ports.onEvent({ type: 'resume', node: view.node, why, heldMs });
    this.flush();
  }

  #maybeStill(): void {
    const { state } = this;
    if (state.at === 'flowing' || state.at === 'closed' || state.course.hold === undefined) return;
    const was = this.#still;
    this.#still = this.quiet;
    if (was || !this.#still) return;
    this.#prospect.refresh();
    this.ports.onStandstill?.();
  }

  /** One timer serves all that waits: the machine's own, and commands that may not wait any longer. */
  #arm(): void {
    this.ports.clearTimer(this.#timer);
    this.#timer = undefined;
    const { state } = this;
    if (state.at === 'flowing' || state.at === 'closed') return;
    // Who does not read cannot be answered: that is no fault of the node's.
    if (state.at === 'leaving' && this.#paused) return;
    const at = Math.min(state.dueAt, state.at === 'leaving' ? Number.POSITIVE_INFINITY : this.#expiryAt());
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = this.ports.setTimer(Math.max(0, Math.ceil(at - this.ports.now())), () => this.#onTimer());
  }

  #expiryAt(): number {
    return this.#hold.dueAt(this.#waiting, this.#options.holdTimeoutMs);
  }

  /** The first command that the client waits for; in a hold by notice, of those that were not sent. */
  get #waiting(): number {
    const { ledger, given } = this.#book;
    return Math.max(this.#state.at === 'holding' ? ledger.sent : ledger.head, given);
  }

  #onTimer(): void {
    this.#timer = undefined;
    const { at } = this.#state;
    if (at === 'holding' && this.#expiryAt() <= this.ports.now()) this.#dispatch({ type: 'release', impatient: true });
    else if (at !== 'flowing' && at !== 'leaving' && at !== 'holding') this.#expire();
    this.#dispatch({ type: 'due' });
  }

  #expire(): void {
    const upTo = this.#hold.expired(this.#waiting, this.ports.now(), this.#options.holdTimeoutMs);
    if (upTo > this.#waiting) this.#giveUp(upTo, 'HOLDTIMEOUT');
    this.#settler.settleAnswered();
  }

  #giveUp(upTo: number, code: WireCode): void {
    const { commands, uncertain } = expire(this.#book, this.#intake, upTo, code, this.#lastTrouble);
    if (commands > 0) this.ports.onEvent({ type: 'given-up', code, commands });
    const from = 'course' in this.#state ? this.#state.course.from : undefined;
    this.#tellUncertain(from?.node ?? '', uncertain);
  }

  // ---- joining a node ------------------------------------------------------------------------------------------

  #dial(view: P): void {
    this.#reader = this.#freshReader();
    const approach = this.#prospect.approachTo(view);
    this.#link = approach.link;
    this.#joining = approach;
    // What the node that was left did is judged by who is primary at this moment, not by older news.
    if (hasProvisional(this.#book)) approach.distrust();
    approach.adopt();
  }

  #failed(approach: Approach<P>, reason: string): void {
    if (approach === this.#joining) this.#missed(approach.view.node, reason);
    else this.#prospect.failed(approach);
  }

  #joined(capable: boolean, rest: Buffer): void {
    this.#joining = undefined;
    if (this.#paused) this.#link?.pause();
    this.#capability = capable ? 'told' : 'refused';
    const { identity } = this.#book;
    if (identity.tracking !== undefined && identity.protocol === 3) this.ports.deliver(INVALIDATE_ALL);
    this.#dispatch({ type: 'joined' });
    if (rest.length > 0) this.#onData(Buffer.from(rest));
  }

  #missed(node: string, reason: string): void {
    this.#lastTrouble = `${node}: ${reason}`;
    this.ports.onEvent({ type: 'join-failed', node, reason });
    this.#hangUp();
    this.#dispatch({ type: 'missed' });
  }

  #arrive({ node, term }: P): void {
    const heldMs = this.#hold.end(this.ports.now());
    this.ports.onEvent({ type: 'move', node, term, replayed: this.#replayed, heldMs });
    this.#replayed = 0;
    this.#settler.settleAnswered();
  }

  /** CLIENT CAPA was refused before AUTH: say it again, as soon as it is not in the way of a transaction. */
  #announceCapability(): void {
    if (this.#capability !== 'due' || !this.#intake.between) return;
    this.#capability = 'told';
    this.#intake.inject(CAPA, { is: 'own' });
    this.flush();
  }

  // ---- bytes from the node -------------------------------------------------------------------------------------

  #onData(chunk: Buffer): void {
    this.#source = this.#link;
    try {
      this.#reader.read(chunk, this);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#lastTrouble = error.message;
      this.#hangUp();
      this.#onClose(error);
      return;
    }
    this.#maybeDrained();
    this.#maybeStill();
    this.ports.relieved?.();
  }

  get plain(): number {
    const { ledger, given } = this.#book;
    return this.#drain !== undefined || ledger.head < given || this.#book.identity.monitor ? 0 : this.#plainAhead();
  }

  #plainAhead(): number {
    const { identity, ledger } = this.#book;
    return identity.protocol === 2 && identity.subscribed ? 0 : ledger.plain;
  }

  get reading(): boolean {
    return this.#link !== undefined && this.#link === this.#source;
  }

  pass(count: number, parts: readonly Buffer[]): void {
    // Whoever writes while being given one part must not be answered before the next.
    for (const part of parts) this.ports.deliver(part);
    this.#settler.advance(count);
    this.#progressed();
    this.#settler.settleAnswered();
  }

  stream(part: Buffer): void {
    this.ports.deliver(part);
  }

  look(frame: Buffer): void {
    const { ledger } = this.#book;
    if (this.#settler.takeNews(frame, this.#drain)) {
      this.#settler.settleAnswered();
      return;
    }
    if (this.#drain !== undefined) {
      if (!this.#drain.done) this.#drain.take(frame);
      return;
    }
    if (ledger.inflight === 0) {
      // Nobody asked: a node that says why it is about to close, for example.
      this.#lastTrouble = frame.toString('utf8', 0, Math.min(frame.length, 200)).trim();
      return;
    }
    const refusal = refusalOf(frame, ledger.marks(ledger.head));
    if (refusal !== undefined) {
      this.#cut(refusal);
      return;
    }
    // What the client had before is no progress: a transaction may be replayed and refused for ever.
    const fresh = ledger.head >= this.#book.given;
    this.#settler.settle(frame);
    if (fresh) this.#progressed();
    this.#settler.settleAnswered();
  }

  #progressed(): void {
    const { state } = this;
    if ((state.at === 'flowing' || state.at === 'holding') && state.course.moves > 0)
      this.#dispatch({ type: 'progress' });
  }

  // ---- leaving a node ------------------------------------------------------------------------------------------

  #refusal: Refusal | undefined;

  #cut(refusal: Refusal): void {
    const { at } = this.#state;
    const node = at === 'flowing' || at === 'holding' ? this.#state.view.node : undefined;
    this.#refusal = refusal;
    this.#lastTrouble = refusal.by;
    this.#drain = new Drain(this.#book, refusal);
    this.#dispatch({ type: 'refused', bounce: refusal.bounce });
    const { state } = this;
    // One refused command alone is all that there is to drain: the node has been left by now.
    const asking = state.at === 'seeking' || (state.at === 'leaving' && state.next === undefined);
    if (node !== undefined && refusal.bounce && asking) this.#expect(node, refusal);
  }

  /** Goes to meet the next primary while the topology is still being asked who it is. */
  #expect(node: string, refusal: Refusal): void {
    const view = this.ports.prospect(node, refusal.hint);
    if (view !== undefined && view.node !== node) this.#prospect.expect(view);
  }

  #takeHint(): Refusal['hint'] {
    const hint = this.#refusal?.hint;
    this.#refusal = undefined;
    return hint;
  }

  #maybeDrained(): void {
    if (this.#state.at !== 'leaving') return;
    const drained = this.#drain === undefined ? this.#book.ledger.inflight === 0 : this.#drain.done;
    if (drained) this.#dispatch({ type: 'drained' });
  }

  /** A connection that still holds the beginning of a command would hold its bytes, too. */
  #retire(): void {
    if (this.#link?.writable === true) this.#link.retire();
    else this.#link?.close();
    this.#link = undefined;
  }

  #hangUp(): void {
    const going = this.#joining ?? this.#link;
    this.#link = undefined;
    this.#joining = undefined;
    going?.close();
  }

  #onClose(error: Error | undefined): void {
    if (error !== undefined) this.#lastTrouble = error.message;
    this.#link = undefined;
    this.#dispatch({ type: 'lost' });
  }

  #settleLost(node: string): void {
    if (this.#reader.exposed) {
      this.#end('the connection was lost in the middle of a reply');
      return;
    }
    const { ledger } = this.#book;
    this.#tellUncertain(
      node,
      this.#drain?.lost(node, this.#retry) ?? settleLost(this.#book, ledger.head, node, this.#retry),
    );
  }

  #resolve(verdict: Verdict, node: string): void {
    this.#tellUncertain(node, resolveProvisional(this.#book, verdict, node, this.#retry));
  }

  #tellUncertain(node: string, commands: number): void {
    if (commands > 0) this.ports.onEvent({ type: 'uncertain', node, commands });
  }

  get #retry(): boolean {
    return this.#options.onUncertain === 'retry';
  }

  #rewind(node: string): void {
    const book = this.#book;
    const watching = book.watching;
    this.#replayed = book.ledger.sent - book.ledger.base;
    book.watching = false;
    book.rewind();
    this.#drain = undefined;
    this.#tellUncertain(node, this.#intake.rewound(watching));
    book.tidy();
  }

  #freshReader(): FrameReader {
    return new FrameReader(new ReplyScanner(), this.#options.replyBytesMax);
  }
}
