import { connect, type Socket } from 'node:net';
import { decodeReply, type Push, type Reply } from '../../src/resp/index.js';

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

const nothing = Buffer.alloc(0);
/** All sessions of a thread are read into this, one after the other. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** One connection of a client that costs next to nothing, so that ten thousand of them are not what is measured. */
export class LightSession {
  private readonly socket: Socket;
  private unread: Buffer = nothing;
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
    const bytes = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    let from = 0;
    for (let one = decodeReply(bytes, from); one !== undefined; one = decodeReply(bytes, from)) {
      from = one.end;
      this.owner.onReply(one.value, this);
    }
    this.unread = from === bytes.length ? nothing : Buffer.from(bytes.subarray(from));
  }

  private lose(why: string): void {
    if (this.closed) return;
    this.closed = true;
    this.owner.onLost(why, this);
  }
}
