import type { ConnectionOptions } from 'node:tls';
import { ReplyScanner, RespError } from '../../resp/index.js';
import { FrameReader, type FrameSink } from '../../session/frame-reader.js';
import { type Address, guardLink, type Link, netTransport, type Transport } from '../../transport/index.js';

export interface NodeAddress {
  readonly address: Address;
  readonly tls?: ConnectionOptions;
  readonly connectTimeoutMs: number;
  readonly transport?: Transport;
}

export interface NodeLinkHandlers {
  /** Bytes that are no frames, after `raw()`. */
  onRaw(bytes: Buffer): void;
  /** All frames of a chunk have been taken. */
  onRead(): void;
  /** It can be written to (again). */
  onWritable(): void;
  /** The node, or the network, has ended it. */
  onClose(): void;
  /** Something was thrown while the node's bytes were taken. */
  onFault(error: unknown): void;
}

/** A larger answer is passed on as it comes. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** One client's connection to the node: its bytes come as frames. */
export class NodeLink {
  readonly #link: Link;
  readonly #reader = new FrameReader(new ReplyScanner(), FRAME_BYTES_MAX);
  #raw = false;
  #closed = false;
  #paused = false;

  constructor(where: NodeAddress, sink: FrameSink, handlers: NodeLinkHandlers) {
    this.#link = (where.transport ?? netTransport).dial(
      where.address,
      guardLink(
        {
          onOpen: () => handlers.onWritable(),
          onData: (chunk) => {
            if (this.#raw) handlers.onRaw(chunk);
            else if (this.#read(chunk, sink)) handlers.onRead();
          },
          onWritable: () => handlers.onWritable(),
          onClose: () => {
            if (!this.#closed) handlers.onClose();
          },
        },
        { faulted: (error) => handlers.onFault(error) },
      ),
      { connectTimeoutMs: where.connectTimeoutMs, ...(where.tls === undefined ? {} : { tls: where.tls }) },
    );
  }

  get writable(): boolean {
    return this.#link.writable;
  }

  write(bytes: Buffer): void {
    this.#link.write(bytes);
  }

  /** What comes from now on is no RESP. */
  raw(): void {
    this.#raw = true;
  }

  /** Whether the node is read. */
  flow(on: boolean): void {
    if (on === !this.#paused) return;
    this.#paused = !on;
    if (on) this.#link.resume();
    else this.#link.pause();
  }

  /** No callback any more. */
  close(): void {
    this.#closed = true;
    this.#link.close();
  }

  /** Returns false when the node speaks no RESP: then it is left, as if it had hung up. */
  #read(chunk: Buffer, sink: FrameSink): boolean {
    try {
      this.#reader.read(chunk, sink);
      return true;
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      this.#link.close();
      return false;
    }
  }
}
