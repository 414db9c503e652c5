import type { ConnectionOptions } from 'node:tls';
import { decodeReply, encodeCommand, type Reply, ReplyError } from '../../resp/index.js';
import { type Link, netTransport } from '../../transport/index.js';
import { LabError } from '../lab-error.js';

export interface LabClientOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions;
  readonly username?: string;
  readonly password?: string;
}

export type CommandArgument = string | number | Uint8Array;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const connectTimeoutMs = 5_000;

/**
 * One control connection in RESP2: commands are answered in order. Not for load. It connects when it is first used, and
 * again after a loss. An open connection keeps the process alive until close().
 */
export class LabClient {
  private link: Link | undefined;
  private readonly waiting: Waiting[] = [];
  private received: Buffer = Buffer.alloc(0);

  constructor(private readonly options: LabClientOptions) {}

  /** Rejects with the server's error (ReplyError) or with SEGUE_LAB_CONNECTION when the connection failed. */
  async command(...args: readonly CommandArgument[]): Promise<Reply> {
    const reply = await this.send(this.link ?? this.connect(), args);
    if (reply instanceof ReplyError) throw reply;
    return reply;
  }

  close(): void {
    const { link } = this;
    link?.close();
    if (link !== undefined) this.lose(link, new Error('closed here'));
  }

  private send(link: Link, args: readonly CommandArgument[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      link.write(encodeCommand(args));
    });
  }

  private connect(): Link {
    const { host, port, tls, username, password } = this.options;
    const link: Link = netTransport.dial(
      { kind: 'tcp', host, port },
      {
        onOpen: () => {},
        onWritable: () => {},
        onData: (chunk) => this.receive(link, chunk),
        onClose: (error) => this.lose(link, error ?? new Error('the server closed the connection')),
      },
      { connectTimeoutMs, ...(tls === undefined ? {} : { tls }) },
    );
    this.link = link;
    if (password !== undefined) {
      const login = username === undefined ? ['AUTH', password] : ['AUTH', username, password];
      this.send(link, login).catch(() => {}); // a refusal shows in the commands that follow
    }
    return link;
  }

  private receive(link: Link, chunk: Buffer): void {
    if (link !== this.link) return;
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    let from = 0;
    while (from < this.received.length) {
      const reply = decodeReply(this.received, from);
      if (reply === undefined) break;
      from = reply.end;
      this.waiting.shift()?.resolve(reply.value);
    }
    this.received = this.received.subarray(from);
  }

  private lose(link: Link, error: Error): void {
    if (link !== this.link) return;
    this.link = undefined;
    this.received = Buffer.alloc(0);
    const { host, port } = this.options;
    const loss = new LabError('SEGUE_LAB_CONNECTION', `${host}:${port}: ${error.message}`, { cause: error });
    for (const { reject } of this.waiting.splice(0)) reject(loss);
  }
}
