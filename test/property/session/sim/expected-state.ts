import type { Line } from './programs.js';

/** What a connection must be after the commands that were answered with success. */
export class ExpectedState {
  #protocol = 2;
  #database = 0;
  #name = '';
  #user: string | undefined;
  #readOnly = false;
  readonly #channels = new Set<string>();

  apply({ args }: Line): void {
    const [name, first] = args;
    if (name === 'SELECT') this.#database = Number(first);
    if (name === 'HELLO') this.#protocol = Number(first);
    if (name === 'AUTH') this.#user = first;
    if (name === 'READONLY') this.#readOnly = true;
    if (name === 'READWRITE') this.#readOnly = false;
    if (name === 'CLIENT' && first === 'SETNAME') this.#name = args[2]!;
    if (name === 'SUBSCRIBE') this.#channels.add(first!);
    if (name === 'UNSUBSCRIBE') this.#channels.delete(first!);
  }

  reset(): void {
    this.#protocol = 2;
    this.#database = 0;
    this.#name = '';
    this.#user = undefined;
    this.#readOnly = false;
    this.#channels.clear();
  }

  /** As SimClient says it. */
  get text(): string {
    return JSON.stringify({
      protocol: this.#protocol,
      database: this.#database,
      name: this.#name,
      user: this.#user,
      readOnly: this.#readOnly,
      channels: [...this.#channels].sort(),
    });
  }
}
