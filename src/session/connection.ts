import { RespError } from '../resp/index.js';
import type { Approach } from './approach.js';
import type { Crew } from './crew.js';
import { Handover, type HandoverHost } from './handover.js';
import type { Joined, JoinListener } from './join.js';
import { flush, isBetweenCommands, type Upstream } from './outlet.js';
import { Prospect, type ProspectHost } from './prospect.js';
import type { PubSubFrame } from './pubsub-frame.js';
import type { Reading } from './reading.js';
import type { Primary, State } from './state.js';
import { hasProvisional } from './uncertain.js';

/** Who is told what becomes of the connection. */
export interface ConnectionHost<P extends Primary> {
  readonly state: State<P>;
  readonly reading: Reading<P>;
  /** It is the session's own. `capable`: the node has heard that redirects are understood. */
  joined(node: string, capable: boolean): void;
  /** The node is being dialled only now. */
  begun(): void;
  /** The node could not be joined. The connection is closed. */
  missed(node: string, reason: string): void;
  /** It is gone. */
  lost(error: Error | undefined): void;
  /** The node has answered something, or the messages of two nodes need not be awaited any more. */
  stirred(): void;
}

/**
 * The connection that a session holds, from the dial until it is left: the one at hand, the one that stands ready for the
 * next node, and what it takes to bring the messages of a subscribed client from one to the other.
 */
export class Connection<P extends Primary> implements HandoverHost, ProspectHost<P> {
  #link: Upstream | undefined;
  /** Until the link is joined. */
  #joining: Approach<P> | undefined;
  readonly prospect: Prospect<P>;
  readonly #handover: Handover;
  #paused = false;

  constructor(
    private readonly crew: Crew<P>,
    private readonly host: ConnectionHost<P>,
  ) {
    this.#handover = new Handover(crew, this);
    this.prospect = new Prospect(crew, this);
  }

  /** The client takes no more bytes for now. */
  get paused(): boolean {
    return this.#paused;
  }

  /** A place in the messages of two nodes is looked for. */
  get pairing(): boolean {
    return this.#handover.pairing;
  }

  flush(): void {
    const { reading, state } = this.host;
    const link = this.#link;
    if (state.at !== 'flowing' || link === undefined) return;
    const { book } = this.crew;
    if (!reading.atReplica) {
      flush(book, link);
      return;
    }
    const limit = reading.limit();
    flush(book, link, limit);
    if (book.ledger.sent >= limit && limit < book.ledger.tail) reading.stopped();
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
  }

  close(): void {
    this.#handover.close();
    this.prospect.drop();
  }

  // ---- joining a node ------------------------------------------------------------------------------------------

  dial(view: P): void {
    this.crew.inlet.connect();
    const approach = this.prospect.approachTo(view);
    this.#link = approach.link;
    this.#joining = approach;
    this.#handover.meet(approach.link);
    // What the node that was left did is judged by who is primary at this moment, not by older news.
    if (hasProvisional(this.crew.book)) approach.distrust();
    approach.adopt();
  }

  /** The node is not being dialled yet: others are. */
  get queued(): boolean {
    return this.#joining?.link.queued === true;
  }

  get listener(): JoinListener {
    return this.#handover;
  }

  begun(approach: Approach<P>): void {
    if (approach === this.#joining) this.host.begun();
    else this.prospect.begun(approach);
  }

  ready(approach: Approach<P>): void {
    this.prospect.ready(approach);
  }

  preparingEnded(): void {
    this.pairUp();
    this.crew.ports.onStandstill?.();
  }

  deserted(): void {
    this.#handover.youngGone();
  }

  failed(approach: Approach<P>, reason: string): void {
    if (approach === this.#joining) this.host.missed(approach.view.node, reason);
    else this.prospect.failed(approach, reason);
  }

  joined({ link, view: { node } }: Approach<P>, { capable, rest }: Joined): void {
    this.#joining = undefined;
    if (this.#paused) link.pause();
    this.#handover.joined(node);
    this.host.joined(node, capable);
    if (rest.length > 0 && this.#link === link) this.#read(link, Buffer.from(rest));
  }

  // ---- with a node ---------------------------------------------------------------------------------------------

  // A link that is no longer the session's own has nothing to say to it.

  onData(link: Upstream, chunk: Buffer): void {
    if (this.#link === link) this.#read(link, chunk);
    else this.#handover.readOld(link, chunk);
  }

  onWritable(link: Upstream): void {
    if (this.#link === link) this.flush();
  }

  onClose(link: Upstream, error: Error | undefined): void {
    if (this.#link === link) this.#lost(error);
    else this.#handover.oldGone(link);
  }

  #read(link: Upstream, chunk: Buffer): void {
    try {
      const rest = this.crew.inlet.read(chunk);
      // It was left in the middle of the chunk, but its messages may still be wanted.
      if (rest.length > 0 && this.#link !== link) this.#handover.readOld(link, rest);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.hangUp();
      this.#lost(error);
      return;
    }
    this.host.stirred();
    this.crew.ports.relieved?.();
    if (this.#link === link && this.crew.ports.spent?.() === true && this.crew.inlet.letGo()) link.spent();
  }

  // ---- messages ------------------------------------------------------------------------------------------------

  /** On this connection. */
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
    if (this.prospect.listens) this.prospect.drop();
  }

  /** A switch is about to happen. */
  expectSwitch(): void {
    this.#handover.allow();
  }

  /** Standing still, the session takes its place in the messages of the node that it will probably go to. */
  pairUp(): void {
    const { book, inlet } = this.crew;
    const link = this.#link;
    if (this.host.state.at !== 'holding' || link === undefined || !inlet.drained || !isBetweenCommands(book)) return;
    if (!this.#handover.mayPair(book.transaction !== undefined)) return;
    this.prospect.listen((ahead) => this.#handover.pair(link, ahead));
  }

  pairingEnded(found: boolean): void {
    if (this.#joining !== undefined) {
      this.#joining.conclude();
      return;
    }
    const view = this.prospect.prepared;
    if (!found && view !== undefined && this.prospect.listens) {
      this.prospect.drop();
      if (this.host.state.at === 'holding') this.prospect.prepare(view);
    }
    this.host.stirred();
  }

  // ---- leaving a node ------------------------------------------------------------------------------------------

  /** When there is time. A connection that still holds the beginning of a command would hold its bytes, too. */
  retire(): void {
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

  /** At once. */
  hangUp(): void {
    const going = this.#joining ?? this.#link;
    this.#letGo();
    going?.close();
  }

  #lost(error: Error | undefined): void {
    this.#letGo();
    this.host.lost(error);
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
}
