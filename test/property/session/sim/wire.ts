import { CommandScanner, CommandTable, commandArgs } from '../../../../src/resp/index.js';
import type { Upstream, UpstreamHandlers } from '../../../../src/session/index.js';
import { SimClient } from './client.js';
import type { SimNode } from './node.js';

const NOTHING: Buffer = Buffer.alloc(0);

/** One connection, with the bytes on their way in both directions. Nothing moves by itself. */
export class Wire implements Upstream {
  readonly client: SimClient;
  state: 'dialling' | 'open' | 'closed' = 'dialling';
  /** Not read by the session for now. */
  paused = false;
  /** Given by the session and not yet taken by the kernel: by reference, as on a real socket. */
  #given: Buffer[] = [];
  #toNode = NOTHING;
  #toSession = NOTHING;
  /** What the session is reading. */
  #chunk = NOTHING;
  /** All that the session ever gave. */
  readonly #written: Buffer[] = [];

  constructor(
    readonly node: SimNode,
    private readonly handlers: UpstreamHandlers,
    /** The kernel takes bytes only when it is told to. */
    private readonly slow: boolean,
  ) {
    this.client = new SimClient(node, (bytes) => {
      if (this.state === 'open') this.#toSession = Buffer.concat([this.#toSession, Buffer.from(bytes, 'latin1')]);
    });
  }

  // ---- the session's side ----------------------------------------------------------------------------------------

  get writable(): boolean {
    return this.state === 'open' && this.#given.length === 0;
  }

  write(chunk: Buffer): void {
    this.#written.push(Buffer.from(chunk));
    this.#given.push(chunk);
    if (!this.slow) this.#take();
  }

  cork(): void {}
  uncork(): void {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Whoever refers to it nevertheless will find something else. */
  spent(): void {
    this.#chunk.fill(0x21);
  }

  retire(): void {
    this.#end();
  }

  close(): void {
    this.#end();
  }

  // ---- what may happen -------------------------------------------------------------------------------------------

  /** Whether anything is left that can happen on this wire. */
  get busy(): boolean {
    if (this.state === 'dialling') return true;
    const readable = this.#toSession.length > 0 || this.client.closed;
    return this.#given.length > 0 || this.#toNode.length > 0 || (this.state === 'open' && !this.paused && readable);
  }

  /** Whatever can happen happens. */
  move(): void {
    this.open();
    this.kernelTakes();
    this.deliverToNode(1e9);
    this.deliverToSession(1e9);
  }

  open(): void {
    if (this.state !== 'dialling') return;
    if (!this.node.alive) {
      this.#end();
      this.handlers.onClose(new Error('connection refused'));
      return;
    }
    this.state = 'open';
    this.node.clients.add(this.client);
    this.handlers.onOpen();
  }

  #take(): void {
    this.#toNode = Buffer.concat([this.#toNode, ...this.#given]);
    this.#given = [];
  }

  kernelTakes(): void {
    if (this.#given.length === 0) return;
    this.#take();
    if (this.state === 'open') this.handlers.onWritable();
  }

  /** Also of a closed wire: what the kernel had taken may arrive nevertheless. */
  deliverToNode(bytes: number): void {
    const part = this.#toNode.subarray(0, bytes);
    this.#toNode = this.#toNode.subarray(part.length);
    if (part.length > 0 && this.node.alive) this.client.feed(part);
    if (this.state === 'closed' && this.#toNode.length === 0) this.#forget();
  }

  deliverToSession(bytes: number): void {
    if (this.state !== 'open' || this.paused) return;
    const part = Buffer.from(this.#toSession.subarray(0, bytes));
    this.#toSession = this.#toSession.subarray(part.length);
    this.#chunk = part;
    if (part.length > 0) this.handlers.onData(part);
    else if (this.client.closed) this.lose(false);
  }

  /** The connection breaks. `reaches`: what the kernel had taken arrives at the node some time. */
  lose(reaches: boolean): void {
    if (this.state === 'closed') return;
    if (!reaches) this.#toNode = NOTHING;
    this.#end();
    this.handlers.onClose(new Error('connection lost'));
  }

  /** The node is gone, and with it what was on its way there. */
  drop(): void {
    this.#toNode = NOTHING;
    if (this.state === 'closed') this.#forget();
    else this.lose(false);
  }

  #end(): void {
    this.state = 'closed';
    this.#given = [];
    this.#toSession = NOTHING;
    if (this.#toNode.length === 0) this.#forget();
  }

  #forget(): void {
    this.client.closed = true;
    this.client.blocked = undefined;
    this.client.postponed = undefined;
    this.node.clients.delete(this.client);
  }

  /** The commands of which the session gave every byte. */
  written(): string[] {
    const bytes = Buffer.concat(this.#written);
    const scanner = new CommandScanner(CommandTable.standard());
    const commands: string[] = [];
    let at = 0;
    for (let end = scanner.next(bytes, at, bytes.length); end >= 0; end = scanner.next(bytes, at, bytes.length)) {
      if (scanner.argc > 0) commands.push(commandArgs(bytes, at, end).join(' '));
      at = end;
    }
    return commands;
  }
}
