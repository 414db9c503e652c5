import { waitFor } from '../../../src/lab/wait-for.js';
import { encodeCommand, ReplyScanner } from '../../../src/resp/index.js';
import { type Link, netTransport } from '../../../src/transport/index.js';
import { render } from './render.js';

export interface Place {
  readonly host: string;
  readonly port: number;
}

const REPLY_MS = 10_000;

/** A client that knows nothing: it sends what it is told and shows every frame that comes, in order. */
export class Talker {
  readonly #frames: string[] = [];
  readonly #scanner = new ReplyScanner();
  readonly #link: Link;
  #unread: Buffer = Buffer.alloc(0);
  #closed = false;

  constructor(place: Place) {
    this.#link = netTransport.dial(
      { kind: 'tcp', host: place.host, port: place.port },
      {
        onOpen() {},
        onWritable() {},
        onData: (chunk) => this.#take(chunk),
        onClose: () => {
          this.#closed = true;
        },
      },
      { connectTimeoutMs: 5000 },
    );
  }

  /** Frames that came and were not asked for yet. */
  get waiting(): readonly string[] {
    return this.#frames;
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(args: readonly (string | Buffer)[]): void {
    this.#link.write(encodeCommand(args));
  }

  sendRaw(bytes: string | Buffer): void {
    this.#link.write(Buffer.from(bytes as string));
  }

  /** The next frame, as `render` shows it; `(closed)` when the connection has ended before one came. */
  async next(): Promise<string> {
    await waitFor(() => this.#frames.length > 0 || this.#closed, { deadlineMs: REPLY_MS, what: 'a reply' });
    return this.#frames.shift() ?? '(closed)';
  }

  async ask(...args: readonly (string | Buffer)[]): Promise<string> {
    this.send(args);
    return this.next();
  }

  /** Reads no more until resume(). */
  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  close(): void {
    this.#link.close();
  }

  #take(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#unread, chunk]);
    let from = 0;
    while (from < bytes.length) {
      // From the frame's beginning each time: simple, and these replies are small.
      this.#scanner.reset();
      const end = this.#scanner.finish(bytes, from, bytes.length);
      if (end === -1) break;
      this.#frames.push(render(bytes.subarray(from, end)));
      from = end;
    }
    this.#unread = bytes.subarray(from);
  }
}
