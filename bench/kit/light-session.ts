import { connect, type Socket } from 'node:net';
import type { Push, Reply } from '../../src/resp/index.js';
import { ReplyReader } from './reply-reader.js';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface SessionOwner {
  onOpen(session: LightSession): void;
  /** In order. Buffers in it are borrowed. */
  onReply(reply: Reply | Push, session: LightSession): void;
  /** Not called after close(). */
  onLost(why: string, session: LightSession): void;
}

/** All sessions of a thread are read into this, one after the other. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** One connection of a client that costs next to nothing, so that ten thousand of them are not what is measured. */
export class LightSession {
  private readonly socket: Socket;
  private readonly replies = new ReplyReader();
  private closed = false;

  constructor(
    target: Target,
    private readonly owner: SessionOwner,
  ) {
    const read = (bytes: number): boolean => {
      this.read(shared.subarray(0, bytes));
      return true;
    };
    this.socket = connect({ ...target, noDelay: true, onread: { buffer: shared, callback: read } });
    this.socket.on('connect', () => owner.onOpen(this));
    this.socket.on('error', (error) => this.lose(error.message));
    this.socket.on('close', () => this.lose('closed by the other side'));
  }

  send(command: Buffer): void {
    this.socket.write(command);
  }

  close(): void {
    this.closed = true;
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.replies.read(chunk, (reply) => this.owner.onReply(reply, this));
  }

  private lose(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.owner.onLost(why, this);
  }
}
