import { RespError } from '../resp/index.js';
import type { Crew } from './crew.js';
import { Join, type Joined, type JoinHost, type JoinListener } from './join.js';
import type { Upstream, UpstreamHandlers } from './outlet.js';
import type { Primary } from './state.js';

/** Who makes an approach, and hears what becomes of it. */
export interface ApproachHost<P extends Primary> {
  readonly listener: JoinListener;
  /** It is being dialled only now: its connection was queued. */
  begun(approach: Approach<P>): void;
  /** All is done that can be done before it is adopted. */
  ready(approach: Approach<P>): void;
  /** The connection is the session's; its bytes go to `onData` from now on. */
  joined(approach: Approach<P>, outcome: Joined): void;
  /** It cannot be. The connection is closed. */
  failed(approach: Approach<P>, reason: string): void;
  /** Of a connection that was joined. */
  onData(link: Upstream, chunk: Buffer): void;
  onWritable(link: Upstream): void;
  onClose(link: Upstream, error: Error | undefined): void;
}

/** One connection on its way to be the session's own: dialled, then restored, then adopted. */
export class Approach<P extends Primary> implements UpstreamHandlers, JoinHost {
  readonly link: Upstream;
  /** Nothing of it is needed any more on a connection that was joined. */
  #join: Join | undefined;
  #at: 'under-way' | 'joined' | 'over' = 'under-way';

  constructor(
    readonly view: P,
    private readonly crew: Crew<P>,
    private readonly host: ApproachHost<P>,
  ) {
    const { book, ports } = crew;
    this.link = ports.dial(view, this);
    this.#join = new Join(book.identity, ports.scripts, this);
    if (view.replica === true) this.#join.trust();
  }

  /** The node is the right one. May be said at any time. */
  adopt(): void {
    this.#join?.adopt();
  }

  /** The node need not say that it is a primary: who adopts it will know. */
  trust(): void {
    this.#join?.trust();
  }

  /** It must say so after all, once it is adopted. */
  distrust(): void {
    this.#join?.distrust();
  }

  /** Subscribes before it is adopted. */
  listen(): void {
    this.#join?.listen();
  }

  get listens(): boolean {
    return this.#join?.listens === true;
  }

  /** What its `listener` was waiting for has come. */
  conclude(): void {
    this.#join?.conclude();
  }

  /** Brings a connection that stands ready up to date. */
  refresh(): void {
    this.#join?.refresh();
  }

  /** It is not wanted any more. */
  close(): void {
    this.#at = 'over';
    this.#join?.stop();
    this.link.close();
  }

  // ---- what the connection tells ---------------------------------------------------------------------------------

  onTurn(): void {
    if (this.#at === 'under-way') this.host.begun(this);
  }

  onOpen(): void {
    if (this.#at === 'under-way') this.#join?.start();
  }

  onData(chunk: Buffer): void {
    if (this.#at === 'joined') {
      this.host.onData(this.link, chunk);
      return;
    }
    if (this.#at !== 'under-way') return;
    try {
      this.#join?.read(chunk);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.failed(error.message);
    }
  }

  onWritable(): void {
    if (this.#at === 'joined') this.host.onWritable(this.link);
  }

  onClose(error?: Error): void {
    if (this.#at === 'joined') this.host.onClose(this.link, error);
    if (this.#at === 'under-way') this.failed(error?.message ?? 'the connection was closed');
  }

  // ---- what the join tells ---------------------------------------------------------------------------------------

  get isReplica(): boolean {
    return this.view.replica === true;
  }

  get listener(): JoinListener {
    return this.host.listener;
  }

  deliver(frame: Buffer): void {
    this.crew.ports.deliver(frame);
  }

  loaded(scripts: number): void {
    this.crew.ports.onEvent({ type: 'scripts-loaded', node: this.view.node, scripts });
  }

  refused(command: string, reason: string): void {
    this.crew.ports.onEvent({ type: 'restore-refused', node: this.view.node, command, reason });
  }

  ready(): void {
    this.host.ready(this);
  }

  joined(outcome: Joined): void {
    this.#at = 'joined';
    this.#join = undefined;
    this.host.joined(this, outcome);
  }

  failed(reason: string): void {
    if (this.#at !== 'under-way') return;
    this.close();
    this.host.failed(this, reason);
  }
}
