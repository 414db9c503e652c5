import type { Crew } from './crew.js';
import { expire } from './expire.js';
import { Hold } from './hold.js';
import type { WireCode } from './session-error.js';
import type { Primary, State } from './state.js';

export interface WaitHost<P extends Primary> {
  readonly state: State<P>;
  /** The client takes no bytes for now. */
  readonly paused: boolean;
  /** The time in `dueAt` has come, or the first command has waited for too long. */
  due(): void;
  tellUncertain(node: string, commands: number): void;
}

/** The commands that wait while the session sends nothing: how long they have, and what becomes of them then. */
export class Wait<P extends Primary> {
  readonly #hold = new Hold();
  #timer: unknown;
  /** The last that went wrong, for the error of commands that are given up. */
  #trouble: string | undefined;

  constructor(
    private readonly crew: Crew<P>,
    private readonly host: WaitHost<P>,
  ) {}

  blame(trouble: string): void {
    this.#trouble = trouble;
  }

  /** Before the first node was joined. */
  open(): void {
    this.#hold.begin(0, this.crew.book.ledger.tail, this.crew.ports.now());
  }

  /** Nothing more is sent, for this cause. `limitMs`: no longer than this. */
  begin(what: { node: string | undefined; cause: string; limitMs?: number }): void {
    const { book, ports } = this.crew;
    this.#hold.begin(this.#first, book.ledger.tail, ports.now());
    ports.onEvent({ type: 'hold', ...what });
  }

  /** By notice of a coming switch. */
  stand(node: string, untilMs: number): void {
    this.begin({ node, cause: 'notice', limitMs: untilMs - this.crew.ports.now() });
  }

  /** The state is not `before` any more, perhaps, for this cause. */
  watch(before: State<P>, cause: string): void {
    const { state } = this.host;
    if (state.at === 'flowing' || state.at === 'holding' || state.at === 'closed') return;
    // What was in flight in a hold by notice waits only from now on.
    if (before.at === 'holding') this.note();
    if (before.at === 'flowing') this.begin({ node: 'view' in state ? state.view.node : undefined, cause });
  }

  /** One timer serves all that waits: the state, and commands that may not wait any longer. */
  arm(): void {
    const { ports } = this.crew;
    const { state } = this.host;
    ports.clearTimer(this.#timer);
    this.#timer = undefined;
    if (state.at === 'flowing' || state.at === 'closed') return;
    // Who does not read cannot be answered: that is no fault of the node's.
    if (state.at === 'leaving' && this.host.paused) return;
    const at = Math.min(state.dueAt, state.at === 'leaving' ? Number.POSITIVE_INFINITY : this.expiresAt);
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = ports.setTimer(Math.max(0, Math.ceil(at - ports.now())), () => {
      this.#timer = undefined;
      this.host.due();
    });
  }

  /** More commands have come; or those in flight wait like the others from now on. */
  note(): void {
    this.#hold.note(this.crew.book.ledger.tail, this.crew.ports.now());
  }

  /** Returns how long it was. */
  end(): number {
    return this.#hold.end(this.crew.ports.now());
  }

  /** When the first of them will have waited for too long. */
  get expiresAt(): number {
    return this.#hold.dueAt(this.#first, this.crew.options.holdTimeoutMs);
  }

  /** Gives up those that have waited for too long. */
  expire(): void {
    const upTo = this.#hold.expired(this.#first, this.crew.ports.now(), this.crew.options.holdTimeoutMs);
    if (upTo > this.#first) this.#giveUp(upTo, 'HOLDTIMEOUT');
  }

  /** The first of them is sent from node to node and back, and is given up. */
  loop(): void {
    this.#giveUp(this.#first + 1, 'REDIRECTLOOP');
  }

  /** The first command that the client waits for; in a hold by notice, of those that were not sent. */
  get #first(): number {
    const { ledger, given } = this.crew.book;
    return Math.max(this.host.state.at === 'holding' ? ledger.sent : ledger.head, given);
  }

  #giveUp(upTo: number, code: WireCode): void {
    const { book, intake, ports } = this.crew;
    const { state } = this.host;
    const { commands, uncertain } = expire(book, intake, upTo, code, this.#trouble);
    if (commands > 0) ports.onEvent({ type: 'given-up', code, commands });
    const from = 'course' in state ? state.course.from : undefined;
    this.host.tellUncertain(from?.node ?? '', uncertain);
  }
}
