import type { AcceptedLink } from '../../../src/transport/index.js';

/** A client's connection that the test plays: what was written to it, and when the kernel takes it. */
export class FakeLink implements AcceptedLink {
  readonly remote = '192.0.2.1:1234';
  /** One string for each system call. */
  readonly writes: string[] = [];
  paused = false;
  ended = false;
  closed = false;
  /** The client reads nothing: the first write stays, and `writable` is false. */
  stuck = false;
  #corked: Buffer[] | undefined;
  #backlog = false;

  get writable(): boolean {
    return !this.closed && !this.#backlog && this.#corked === undefined;
  }

  get text(): string {
    return this.writes.join('');
  }

  write(chunk: Buffer): void {
    if (this.#corked !== undefined) {
      this.#corked.push(chunk);
      return;
    }
    this.writes.push(chunk.toString('latin1'));
    this.#backlog = this.stuck;
  }

  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const parts = this.#corked ?? [];
    this.#corked = undefined;
    if (parts.length > 0) this.write(Buffer.concat(parts));
  }

  /** The client takes what stays. Call the handler's onWritable afterwards, as the transport does. */
  unstick(): void {
    this.#backlog = false;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  close(): void {
    this.closed = true;
  }
}

/** Lets everything run that is due at the end of the turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
