import type { ConnectionOptions } from 'node:tls';
import { type Address, formatAddress } from './address.js';
import type { Burden } from './landing.js';

/**
 * What a link tells its owner. Nothing is called before dial() has returned, and nothing after onClose.
 * Order: onTurn at most once, onOpen at most once, then onData and onWritable, then onClose exactly once.
 */
export interface LinkHandlers {
  /** Of a link that was `queued`: it is being dialled from now on. */
  onTurn?(): void;
  /** Connected; with TLS, after the handshake and the check of the certificate. */
  onOpen(): void;
  /**
   * Bytes from the other side. The chunk belongs to the receiver, who may keep it: the link never uses its memory again,
   * unless it is told `spent` during the call.
   */
  onData(chunk: Buffer): void;
  /**
   * The backlog is gone: called once after each write() or last uncork() that left `writable` false, as soon as
   * `writable` is true again (unless the link closes first). Never called when `writable` stayed true.
   */
  onWritable(): void;
  /** The end, also of a dial that failed. No error when close() was called or the other side ended in order. */
  onClose(error?: LinkError): void;
}

/** One connection to one node. It reconnects nothing and buffers nothing of its own. */
export interface Link {
  /** Not being dialled yet, since it waits for its turn, which `onTurn` tells. No time counts until then. */
  readonly queued?: boolean;
  /** Open, and every byte given so far has left this process (the kernel has it). False while corked with bytes. */
  readonly writable: boolean;
  /**
   * Sends a chunk, by reference: its memory must not change until `writable` is true again. Before onOpen, or while
   * not writable, chunks queue up in order, unbounded: the caller's discipline is one write at a time. After the
   * close it does nothing.
   */
  write(chunk: Buffer): void;
  /** Several write()s until the matching uncork() leave in one system call. */
  cork(): void;
  uncork(): void;
  /** No onData until resume(); the kernel's buffer fills and the sender feels it. One chunk may be on its way already. */
  pause(): void;
  resume(): void;
  /** Within onData: nobody refers to the chunk any more. What comes next may be read into the same memory. */
  spent(): void;
  /** At once, unsent bytes are dropped. onClose follows asynchronously; no onOpen, onData or onWritable any more. */
  close(): void;
  /** Like close(), but the system call waits until there is time: for a link of which nothing is expected any more. */
  retire(): void;
}

export interface DialOptions {
  /** From dial() to onOpen, the TLS handshake included. */
  connectTimeoutMs: number;
  /** Idle time before the kernel probes the other side. Default 5000. */
  keepAliveMs?: number;
  /** Given (also empty): TLS. The host is sent as server name unless `servername` says otherwise. */
  tls?: ConnectionOptions;
  /** Given, and without TLS: what is read lands in memory of the link's own, which `spent` allows to use again. */
  burden?: Burden;
  /** The link does not keep the process alive. */
  unref?: boolean;
}

export interface Transport {
  /** Never throws for reasons of the network: every failure arrives at onClose. */
  dial(address: Address, handlers: LinkHandlers, options: DialOptions): Link;
}

export type LinkErrorCode = 'SEGUE_LINK_DIAL' | 'SEGUE_LINK_TIMEOUT' | 'SEGUE_LINK_LOST';

/** Why a link ended or never opened. `cause` is what the operating system or TLS said. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;
  readonly address: Address;

  constructor(code: LinkErrorCode, address: Address, reason: string, cause?: unknown) {
    super(`${formatAddress(address)}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.address = address;
  }
}
