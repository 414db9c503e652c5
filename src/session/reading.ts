import type { Crew } from './crew.js';
import type { Event } from './machine.js';
import { Mark } from './mark.js';
import type { Refusal } from './refusal.js';
import type { Primary, State } from './state.js';
import { hasProvisional } from './uncertain.js';

export interface ReadingHost<P extends Primary> {
  readonly state: State<P>;
  dispatch(event: Event<P>): void;
}

/** How often a session at the primary looks whether a replica will do. */
const LOOK_EVERY_MS = 250;
/** How long a replica is avoided that could not be joined, or refused to be read. Doubled each time. */
const AVOID_MS = 1_000;
const DOUBLINGS_MAX = 5;
/** Who has stayed with a replica for so long has not been driven about. */
const STEADY_MS = 30_000;

/**
 * Where a session is that would rather read from a replica (READONLY): with a replica, as long as one is fit and the client
 * only reads. A write, and what may be one, goes to the primary with all that is behind it; from there the session returns
 * when a replica is known to have what the client wrote. Of a client without that wish this knows nothing but so much.
 */
export class Reading<P extends Primary> {
  /** Commands before this index need the primary. */
  #upTo = 0;
  /** Commands in [sent, cleared) need not. */
  #cleared = 0;
  /** Writes before `#upTo` are not known to be answered. */
  #owes = false;
  /** All own writes had been answered by then. */
  #wroteMs: number | undefined;
  /** The replica that was read from last. */
  #home: string | undefined;
  #homeSinceMs = 0;
  /** How often it has been driven from a replica soon after it came. */
  #strikes = 0;
  #returnAtMs = 0;
  #avoid: { node: string; untilMs: number } | undefined;
  #timer: unknown;
  #due = false;

  constructor(
    private readonly crew: Crew<P>,
    private readonly host: ReadingHost<P>,
  ) {}

  /** The client may have written elsewhere, before this session began. */
  mayHaveWritten(): void {
    this.#owes = true;
  }

  /** The client would rather read from a replica, and may. */
  get preferred(): boolean {
    return this.crew.ports.places !== undefined && this.crew.book.identity.readOnly;
  }

  /** Commands go to a replica. */
  get atReplica(): boolean {
    const state = this.host.state;
    return state.at === 'flowing' && state.view.replica === true;
  }

  // ---- what may be sent ----------------------------------------------------------------------------------------

  /** The index up to which commands may go to a replica. */
  limit(): number {
    const { ledger, identity } = this.crew.book;
    if (identity.readsOnly) return ledger.tail;
    const { tail } = ledger;
    let index = Math.max(this.#cleared, ledger.sent);
    while (index < tail && !this.#needsPrimary(index)) index++;
    this.#cleared = index;
    return index;
  }

  #needsPrimary(index: number): boolean {
    const { ledger } = this.crew.book;
    if ((ledger.marks(index) & (Mark.Write | Mark.Primary)) === 0) return false;
    const entry = ledger.note(index);
    return entry?.answer === undefined || entry.resend;
  }

  /** What comes next is not for the replica: it has been sent all that is. */
  stopped(): void {
    this.#upTo = Math.max(this.#upTo, this.#cleared + 1);
    this.look();
  }

  /** What comes next is only for the primary. */
  get #wantsPrimary(): boolean {
    const { book } = this.crew;
    return !this.preferred || book.ledger.head < this.#upTo || hasProvisional(book);
  }

  // ---- where to be ---------------------------------------------------------------------------------------------

  /** The replica to go to, rather than to look for the primary. */
  get place(): P | undefined {
    return this.#wantsPrimary ? undefined : this.#choose();
  }

  #choose(): P | undefined {
    const now = this.crew.ports.now();
    if (this.#avoid !== undefined && now >= this.#avoid.untilMs) this.#avoid = undefined;
    return this.crew.ports.places?.choose({ current: this.#home, avoid: this.#avoid?.node, freshMs: this.#wroteMs });
  }

  /** What the client wishes, or has set, has changed. It is looked at when the answers at hand have been given. */
  changed(): void {
    this.#returnAtMs = 0;
    this.#due = true;
  }

  /** Between two chunks of answers. */
  glance(): void {
    if (!this.#due) return;
    this.#due = false;
    this.look();
  }

  /** Something may be different: goes where it is best to be by now. */
  look(): void {
    const state = this.host.state;
    if (state.at === 'closed' || this.crew.ports.places === undefined) return;
    if (state.at === 'flowing' && state.view.replica === true) this.#lookFromReplica(state.view);
    else if (!this.preferred) this.#rest();
    else if (state.at === 'flowing') this.#lookFromPrimary();
    else if (state.at !== 'holding') this.#lookOnTheWay(state);
  }

  #lookFromReplica(view: P): void {
    const { places } = this.crew.ports;
    const place = this.place;
    if (place === undefined) {
      if (!this.#wantsPrimary) this.#drivenFrom(view.node);
      const { primary } = places!;
      if (primary === undefined) this.host.dispatch({ type: 'away' });
      else this.#go(primary, view.node);
    } else if (place.node !== view.node || place.term !== view.term) {
      this.#go(place, view.node);
    }
  }

  #go(view: P, from: string): void {
    this.host.dispatch({ type: 'primary', view, abrupt: !this.#hears(from) });
  }

  #hears(node: string): boolean {
    return this.crew.ports.places?.answers(node) !== false;
  }

  /** It stays as it is, for want of better, after a write, or because it has just been driven here. */
  #lookFromPrimary(): void {
    this.#settleDebts();
    const mayGo = !this.#wantsPrimary && this.crew.ports.now() >= this.#returnAtMs && this.#atEase;
    const place = mayGo ? this.#choose() : undefined;
    if (place === undefined) this.#lookAgain();
    else this.host.dispatch({ type: 'primary', view: place });
  }

  /** A move now would cost the client neither a transaction nor a WATCH. */
  get #atEase(): boolean {
    const { book, intake } = this.crew;
    return intake.atEase && !book.blocked;
  }

  /** Its own writes it must read, wherever it does. */
  #settleDebts(): void {
    const { ledger } = this.crew.book;
    if ((ledger.takeSeen() & (Mark.Write | Mark.Primary)) !== 0) {
      this.#upTo = ledger.tail;
      this.#owes = true;
    }
    if (!this.#owes || ledger.head < this.#upTo) return;
    this.#owes = false;
    this.#wroteMs = this.crew.ports.now();
  }

  #lookOnTheWay(state: State<P> & { at: 'seeking' | 'resting' | 'joining' | 'leaving' }): void {
    const going = state.at === 'leaving' ? state.next : state.at === 'seeking' ? undefined : state.view;
    // Who is on the way to the primary gets there first.
    if (going !== undefined && going.replica !== true && state.at !== 'leaving') return;
    const view = this.place ?? this.crew.ports.places?.primary;
    if (view === undefined) return;
    const isStuck = state.at === 'leaving' && state.view.replica === true && !this.#hears(state.view.node);
    if (isStuck || view.node !== going?.node) this.host.dispatch({ type: 'primary', view, abrupt: isStuck });
  }

  #lookAgain(): void {
    if (this.#timer !== undefined) return;
    const ms = Math.max(LOOK_EVERY_MS, this.#returnAtMs - this.crew.ports.now());
    this.#timer = this.crew.ports.setTimer(ms, () => {
      this.#timer = undefined;
      this.look();
    });
  }

  #rest(): void {
    this.crew.ports.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  // ---- what happens --------------------------------------------------------------------------------------------

  /** The topology's news of a primary. */
  news(primary: P): void {
    const state = this.host.state;
    if (state.at === 'closed') return;
    const isWith = state.at === 'flowing' || state.at === 'holding' || state.at === 'joining';
    // With the primary already: it returns to a replica in its own time.
    const stays = isWith && state.view.replica !== true && state.view.node === primary.node;
    const view = stays ? primary : (this.place ?? primary);
    if (isWith && state.view.replica === true) this.#go(view, state.view.node);
    else this.host.dispatch({ type: 'primary', view });
  }

  arrived(view: P): void {
    this.#cleared = 0;
    if (!this.preferred) return;
    this.#rest();
    if (view.replica === true) {
      this.#home = view.node;
      this.#homeSinceMs = this.crew.ports.now();
    } else {
      this.#lookAgain();
    }
  }

  /** A node that was to be read from could not be joined. */
  missed(view: P): void {
    if (view.replica === true) this.#shun(view.node);
  }

  /** The connection to it was lost. */
  lost(view: P): void {
    if (view.replica === true) this.#strike();
  }

  /** It has refused the command at the head. */
  refused(view: P, refusal: Refusal): void {
    if (view.replica !== true) return;
    const { ledger } = this.crew.book;
    if (!refusal.bounce || refusal.by === 'primary-down') this.#shun(view.node);
    else this.#upTo = Math.max(this.#upTo, ledger.head + 1);
  }

  close(): void {
    this.#rest();
  }

  #drivenFrom(node: string): void {
    this.#strike();
    this.crew.ports.onEvent({ type: 'no-replica', node });
  }

  #shun(node: string): void {
    this.#strike();
    this.#avoid = { node, untilMs: this.crew.ports.now() + this.#patienceMs };
  }

  #strike(): void {
    const now = this.crew.ports.now();
    this.#strikes = now - this.#homeSinceMs >= STEADY_MS ? 0 : Math.min(this.#strikes + 1, DOUBLINGS_MAX);
    this.#returnAtMs = now + this.#patienceMs;
  }

  get #patienceMs(): number {
    return AVOID_MS * 2 ** Math.max(0, this.#strikes - 1);
  }
}
