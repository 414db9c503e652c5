import type { Command } from './command.js';
import type { Role } from './role.js';

export interface Waiting {
  readonly command: Command;
  readonly role: Role;
  /** Counts up: a verdict holds for all that had come when it was asked for. */
  readonly number: number;
}

/** Commands of a client that have not been sent, in order. */
export class WaitingCommands {
  #commands: Waiting[] = [];
  #head = 0;
  /** Of all that wait. */
  bytes = 0;

  get length(): number {
    return this.#commands.length - this.#head;
  }

  get first(): Waiting | undefined {
    return this.#commands[this.#head];
  }

  push(waiting: Waiting): void {
    this.#commands.push(waiting);
    this.bytes += waiting.command.bytes.length;
  }

  shift(): void {
    const first = this.#commands[this.#head++];
    this.bytes -= first?.command.bytes.length ?? 0;
    // In one go when half of it is empty: each entry is moved once on average.
    if (this.#head * 2 < this.#commands.length) return;
    this.#commands = this.#commands.slice(this.#head);
    this.#head = 0;
  }
}
