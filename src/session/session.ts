import { type CommandTable, encodeCommand, ReplyScanner, RespError } from '../resp/index.js';
import { Approach, type UpstreamHandlers } from './approach.js';
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
import { type Refusal, refusalOf } from './refusal.js';
import type { ScriptCache } from './script-cache.js';
import type { WireCode } from './session-error.js';
import type { SessionEvent } from './session-event.js';
import { Settler } from './settle.js';
import { resolveProvisional, settleLost } from './uncertain.js';

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
  /** Asks the topology, which answers by `primaryIs`, now or later or not at all. */
  seek(refusedBy: string | undefined, hint: { host: string; port: number } | undefined): void;
  now(): number;
  setTimer(ms: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
  unknownCommand(name: string): void;
  /** The error that a command is answered with instead of being sent. Asked for administrative ones, and those with a meaning here. */
  refuses?(name: string, args: readonly Buffer[]): Buffer | undefined;
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
  /** Being joined before the topology has spoken: the time that it saves is the time that commands are held. */
  #prospect: Approach<P> | undefined;
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
      ...(ports.refuses === undefined ? {} : { refuses: (name, args) => ports.refuses?.(name, args) }),
      get holding() {
        return session.#state.at !== 'flowing';
      },
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

  /** The client takes no more bytes for now. */
  pause(): void {
    this.#paused = true;
    this.#link?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#link?.resume();
  }

  /** The client has gone. What it was not answered is dropped. */
  close(): void {
    this.#dispatch({ type: 'close' });
    this.#dropProspect();
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
    if (before.at === 'flowing' && state.at !== 'flowing' && state.at !== 'closed') this.#beginHold(event.type);
    for (const effect of effects) {
      this.#carryOut(effect, before);
      // Carrying one out may end the session, or bring the next event at once.
      if (this.#state !== state) return;
    }
    if (before.at !== state.at) this.#settler.settleAnswered();
    this.#arm();
    this.#maybeDrained();
    this.ports.relieved?.();
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
      case 'flow':
        this.#flow();
        return;
      case 'give-up':
        this.#giveUp(this.#waiting + 1, 'REDIRECTLOOP');
        return;
    }
  }

  #beginHold(cause: string): void {
    this.#hold.begin(this.#waiting, this.#book.ledger.tail, this.ports.now());
    const node = 'view' in this.#state ? this.#state.view.node : undefined;
    this.ports.onEvent({ type: 'hold', node, cause: cause === 'refused' ? (this.#refusal?.by ?? cause) : cause });
  }

  /** One timer serves all that waits: the machine's own, and commands that may not wait any longer. */
  #arm(): void {
    this.ports.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#state.at === 'flowing' || this.#state.at === 'closed') return;
    const expiry =
      this.#link === undefined || this.#joining !== undefined ? this.#expiryAt() : Number.POSITIVE_INFINITY;
    const at = Math.min(this.#state.dueAt, expiry);
    this.#timer = this.ports.setTimer(Math.max(0, Math.ceil(at - this.ports.now())), () => this.#onTimer());
  }

  #expiryAt(): number {
    return this.#hold.dueAt(this.#waiting, this.#options.holdTimeoutMs);
  }

  /** The first command that the client waits for. */
  get #waiting(): number {
    return Math.max(this.#book.ledger.head, this.#book.given);
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#state.at !== 'flowing' && this.#state.at !== 'leaving') this.#expire();
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
    const from = 'tries' in this.#state ? this.#state.tries.from : undefined;
    this.#tellUncertain(from?.node ?? '', uncertain);
  }

  // ---- joining a node ------------------------------------------------------------------------------------------

  #dial(view: P): void {
    this.#reader = this.#freshReader();
    const ready = this.#prospect;
    this.#prospect = undefined;
    const fits = ready?.view.node === view.node;
    if (!fits) ready?.close();
    const approach = ready !== undefined && fits ? ready : this.#approach(view);
    this.#link = approach.link;
    this.#joining = approach;
    if (this.#paused) approach.link.pause();
    approach.adopt();
  }

  #approach(view: P): Approach<P> {
    return new Approach<P>(view, {
      identity: this.#book.identity,
      scripts: this.ports.scripts,
      dial: (to, handlers) => this.ports.dial(to, handlers),
      deliver: (frame) => this.ports.deliver(frame),
      joined: (_approach, { capable, rest }) => this.#joined(capable, rest),
      failed: (approach, reason) => this.#failed(approach, reason),
      // A link that is no longer the session's own has nothing to say to it.
      onData: (link, chunk) => this.#link === link && this.#onData(chunk),
      onWritable: (link) => this.#link === link && this.flush(),
      onClose: (link, error) => this.#link === link && this.#onClose(error),
    });
  }

  #failed(approach: Approach<P>, reason: string): void {
    if (approach === this.#joining) this.#missed(approach.view.node, reason);
    else if (approach === this.#prospect) this.#prospect = undefined;
  }

  #dropProspect(): void {
    const prospect = this.#prospect;
    this.#prospect = undefined;
    prospect?.close();
  }

  #joined(capable: boolean, rest: Buffer): void {
    this.#joining = undefined;
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

  #flow(): void {
    const since = this.#hold.since;
    const { node, term } = (this.#state as State<P> & { at: 'flowing' }).view;
    this.#hold.end(this.ports.now());
    const heldMs = since === undefined ? 0 : this.ports.now() - since;
    this.ports.onEvent({ type: 'move', node, term, replayed: this.#replayed, heldMs });
    this.#replayed = 0;
    this.#settler.settleAnswered();
    this.flush();
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
    if (this.#state.at === 'flowing' && this.#state.tries.moves > 0) this.#dispatch({ type: 'progress' });
  }

  // ---- leaving a node ------------------------------------------------------------------------------------------

  #refusal: Refusal | undefined;

  #cut(refusal: Refusal): void {
    const node = this.#state.at === 'flowing' ? this.#state.view.node : undefined;
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
    if (view !== undefined && view.node !== node) this.#prospect = this.#approach(view);
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
