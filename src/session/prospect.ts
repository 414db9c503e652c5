import { Approach, type ApproachHost } from './approach.js';
import type { Crew } from './crew.js';
import type { Upstream } from './outlet.js';
import type { Primary } from './state.js';

export interface ProspectHost<P extends Primary> extends ApproachHost<P> {
  /** What `prepare` began has come to an end, good or bad. */
  preparingEnded(): void;
  /** A connection that listened is given up. */
  deserted(): void;
}

/** A connection that nobody takes is not kept for longer. */
const KEPT_MS = 60_000;

/**
 * The connection to the node that will probably be next, made ahead of time: the time that it takes would be time that
 * commands are held. There is one at most.
 */
export class Prospect<P extends Primary> {
  #approach: Approach<P> | undefined;
  /** `expected`: a refusal pointed there. `prepared`: a switch there was announced. */
  #why: 'expected' | 'prepared' = 'expected';
  #ready = false;
  #timer: unknown;

  constructor(
    private readonly crew: Crew<P>,
    private readonly host: ProspectHost<P>,
  ) {}

  /** The node that was prepared for and stands ready. */
  get prepared(): P | undefined {
    return this.#ready && this.#why === 'prepared' ? this.#approach?.view : undefined;
  }

  /** What `prepare` began is still going on. */
  get preparing(): boolean {
    return !this.#ready && this.#why === 'prepared' && this.#approach !== undefined;
  }

  /** A refusal says that this node may be the next. */
  expect(view: P): void {
    if (this.#approach?.view.node !== view.node) this.#begin(view, 'expected');
  }

  /** A switch to this node is about to happen. */
  prepare(view: P): void {
    if (this.#approach?.view.node === view.node) this.#why = 'prepared';
    else this.#begin(view, 'prepared');
    this.#approach?.trust();
    this.refresh();
  }

  /** The connection that stands ready subscribes, as soon as `begin` has been told of it. */
  listen(begin: (link: Upstream) => void): void {
    if (this.#approach === undefined || this.prepared === undefined || this.listens) return;
    begin(this.#approach.link);
    this.#approach.listen();
  }

  get listens(): boolean {
    return this.#approach?.listens === true;
  }

  /** Brings a connection that stands ready up to date. */
  refresh(): void {
    this.#approach?.refresh();
  }

  /**
   * The way to this node: the connection at hand if it leads there, else a new one. It is the caller's from now on. One
   * to another node is dropped if it was only expected.
   */
  approachTo(view: P): Approach<P> {
    const { node, replica } = this.#approach?.view ?? {};
    const ready = node === view.node && replica === view.replica ? this.#clear() : undefined;
    if (this.#why === 'expected' || this.listens) this.drop();
    return ready ?? new Approach<P>(view, this.crew, this.host);
  }

  drop(): void {
    const approach = this.#clear();
    approach?.close();
    if (approach?.listens === true) this.host.deserted();
  }

  /** An approach has come to nothing. */
  failed(approach: Approach<P>, reason: string): void {
    if (approach !== this.#approach) return;
    const wasPreparing = this.preparing;
    this.crew.ports.onEvent({ type: 'join-failed', node: approach.view.node, reason, ahead: true });
    this.drop();
    if (wasPreparing) this.host.preparingEnded();
  }

  #begin(view: P, why: 'expected' | 'prepared'): void {
    this.drop();
    this.#why = why;
    const approach = new Approach<P>(view, this.crew, this.host);
    this.#approach = approach;
    if (approach.link.queued !== true) this.begun(approach);
  }

  /** It is being dialled. */
  begun(approach: Approach<P>): void {
    if (approach !== this.#approach) return;
    const { ports, options } = this.crew;
    const { joinTimeoutMs } = options;
    this.#timer = ports.setTimer(joinTimeoutMs, () => this.failed(approach, `not ready in ${joinTimeoutMs} ms`));
  }

  /** An approach has done what it can do before it is adopted. */
  ready(approach: Approach<P>): void {
    if (approach !== this.#approach) return;
    const { ports } = this.crew;
    const first = !this.#ready;
    this.#ready = true;
    ports.clearTimer(this.#timer);
    this.#timer = ports.setTimer(KEPT_MS, () => this.drop());
    if (first && this.#why === 'prepared') this.host.preparingEnded();
  }

  #clear(): Approach<P> | undefined {
    const approach = this.#approach;
    this.#approach = undefined;
    this.#ready = false;
    this.crew.ports.clearTimer(this.#timer);
    this.#timer = undefined;
    return approach;
  }
}
