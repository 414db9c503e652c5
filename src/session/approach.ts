import { RespError } from '../resp/index.js';
import type { Identity } from './identity.js';
import { Join, type JoinListener } from './join.js';
import type { Upstream } from './outlet.js';
import type { ScriptCache } from './script-cache.js';
import type { SessionEvent } from './session-event.js';
import type { Primary } from './state.js';

/** What a connection tells the session: `LinkHandlers` of the transport layer. */
export interface UpstreamHandlers {
  onOpen(): void;
  onData(chunk: Buffer): void;
  onWritable(): void;
  onClose(error?: Error): void;
}

/** Who makes an approach, and hears what becomes of it. */
export interface ApproachHost<P extends Primary> {
  readonly identity: Identity;
  readonly scripts: ScriptCache;
  dial(view: P, handlers: UpstreamHandlers): Upstream;
  /** Pushes that come while the session is being restored: the client's. */
  deliver(frame: Buffer): void;
  readonly listener: JoinListener;
  onEvent(event: SessionEvent): void;
  /** All is done that can be done before it is adopted. */
  ready(): void;
  /** The connection is the session's; its bytes go to `onData` from now on. `rest`: those behind the handshake. */
  joined(outcome: { capable: boolean; rest: Buffer }): void;
  /** It cannot be. The connection is closed. */
  failed(approach: Approach<P>, reason: string): void;
  /** Of a connection that was joined. */
  onData(link: Upstream, chunk: Buffer): void;
  onWritable(link: Upstream): void;
  onClose(link: Upstream, error: Error | undefined): void;
}

/** One connection on its way to be the session's own: dialled, then restored, then adopted. */
export class Approach<P extends Primary> {
  readonly link: Upstream;
  readonly #join: Join;
  #at: 'under-way' | 'joined' | 'over' = 'under-way';

  constructor(
    readonly view: P,
    private readonly host: ApproachHost<P>,
  ) {
    this.link = host.dial(view, {
      onOpen: () => this.#at === 'under-way' && this.#join.start(),
      onData: (chunk) => this.#onData(chunk),
      onWritable: () => this.#at === 'joined' && host.onWritable(this.link),
      onClose: (error) => this.#onClose(error),
    });
    const { link } = this;
    this.#join = new Join(host.identity, host.scripts, {
      link,
      isReplica: view.replica === true,
      write: (bytes) => link.write(bytes),
      deliver: (frame) => host.deliver(frame),
      listener: host.listener,
      loaded: (scripts) => host.onEvent({ type: 'scripts-loaded', node: view.node, scripts }),
      refused: (command, reason) => host.onEvent({ type: 'restore-refused', node: view.node, command, reason }),
      ready: () => host.ready(),
      joined: (outcome) => {
        this.#at = 'joined';
        host.joined(outcome);
      },
      failed: (reason) => this.#fail(reason),
    });
    if (view.replica === true) this.#join.trust();
  }

  /** The node is the right one. May be said at any time. */
  adopt(): void {
    this.#join.adopt();
  }

  /** The node need not say that it is a primary: who adopts it will know. */
  trust(): void {
    this.#join.trust();
  }

  /** It must say so after all, once it is adopted. */
  distrust(): void {
    this.#join.distrust();
  }

  /** Subscribes before it is adopted. */
  listen(): void {
    this.#join.listen();
  }

  get listens(): boolean {
    return this.#join.listens;
  }

  /** What its `listener` was waiting for has come. */
  conclude(): void {
    this.#join.conclude();
  }

  /** Brings a connection that stands ready up to date. */
  refresh(): void {
    this.#join.refresh();
  }

  /** It is not wanted any more. */
  close(): void {
    this.#at = 'over';
    this.#join.stop();
    this.link.close();
  }

  #onData(chunk: Buffer): void {
    if (this.#at === 'joined') {
      this.host.onData(this.link, chunk);
      return;
    }
    if (this.#at !== 'under-way') return;
    try {
      this.#join.read(chunk);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#fail(error.message);
    }
  }

  #onClose(error: Error | undefined): void {
    if (this.#at === 'joined') this.host.onClose(this.link, error);
    if (this.#at === 'under-way') this.#fail(error?.message ?? 'the connection was closed');
  }

  #fail(reason: string): void {
    if (this.#at !== 'under-way') return;
    this.close();
    this.host.failed(this, reason);
  }
}
