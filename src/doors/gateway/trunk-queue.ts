const INITIAL_CAPACITY = 16;
/** Rings larger than this are given up as soon as nothing is in them. */
const IDLE_CAPACITY_MAX = 4096;

export interface Amount {
  readonly commands: number;
  readonly bytes: number;
}

interface Run<C> extends Amount {
  readonly client: C;
}

/**
 * Whose commands are outstanding on a trunk, in order: runs of commands, each of one client.
 *
 *      head                      tail
 *       │ A: 3 left │ B: 1 │ A: 2 │
 *   ────┴───────────┴──────┴──────┴──▶ answers go to the client of the run at the head
 */
export class TrunkQueue<C> {
  #clients: (C | undefined)[] = new Array(INITIAL_CAPACITY);
  /** Commands without an answer. */
  #counts = new Uint32Array(INITIAL_CAPACITY);
  /** Bytes of all commands of the run. */
  #bytes = new Float64Array(INITIAL_CAPACITY);
  #mask = INITIAL_CAPACITY - 1;
  #head = 0;
  #tail = 0;
  #commandsTotal = 0;
  #bytesTotal = 0;

  /** Commands without an answer. */
  get commands(): number {
    return this.#commandsTotal;
  }

  /** Bytes of the runs that are not wholly answered. */
  get bytes(): number {
    return this.#bytesTotal;
  }

  /** Runs that are not wholly answered. */
  get runs(): number {
    return this.#tail - this.#head;
  }

  /** Who gets the next answers; undefined when none is owed. */
  get client(): C | undefined {
    return this.#clients[this.#head & this.#mask];
  }

  /** How many of them. */
  get left(): number {
    return this.#head === this.#tail ? 0 : this.#counts[this.#head & this.#mask]!;
  }

  /** `commands` ≥ 1. */
  push(client: C, commands: number, bytes: number): void {
    this.#commandsTotal += commands;
    this.#bytesTotal += bytes;
    const last = (this.#tail - 1) & this.#mask;
    if (this.#tail > this.#head && this.#clients[last] === client) {
      this.#counts[last]! += commands;
      this.#bytes[last]! += bytes;
      return;
    }
    if (this.#tail - this.#head > this.#mask) this.#resize((this.#mask + 1) * 2);
    const at = this.#tail++ & this.#mask;
    this.#clients[at] = client;
    this.#counts[at] = commands;
    this.#bytes[at] = bytes;
  }

  /** The first `commands` (≤ left) of the run at the head are answered. Returns its bytes, if that was all of it; else 0. */
  answered(commands: number): number {
    const at = this.#head & this.#mask;
    this.#commandsTotal -= commands;
    this.#counts[at]! -= commands;
    if (this.#counts[at]! > 0) return 0;
    this.#clients[at] = undefined;
    this.#head++;
    const bytes = this.#bytes[at]!;
    this.#bytesTotal -= bytes;
    if (this.#head === this.#tail && this.#mask >= IDLE_CAPACITY_MAX) this.#resize(INITIAL_CAPACITY);
    return bytes;
  }

  /**
   * Gives the newest commands of `from` to `to`: of each run, from the newest on, so many at its end as `portion` says, who is
   * told how many commands stand behind the run. It is over with a run that keeps some. Returns what was given, with the
   * bytes that `from` is not told of any more.
   */
  give(from: C, to: C, portion: (behind: number, commands: number) => Amount): Amount {
    const runs = this.#runs();
    const given = { commands: 0, bytes: 0 };
    let behind = 0;
    for (let at = runs.length - 1; at >= 0; at--) {
      const run = runs[at]!;
      if (run.client === from) {
        const part = portion(behind, run.commands);
        const isWhole = part.commands === run.commands;
        // Those of its commands that are answered count until the last one is.
        const bytes = isWhole ? run.bytes : part.bytes;
        const rest = { client: from, commands: run.commands - part.commands, bytes: run.bytes - bytes };
        runs.splice(at, 1, ...(isWhole ? [] : [rest]), { client: to, commands: part.commands, bytes });
        given.commands += part.commands;
        given.bytes += bytes;
        if (!isWhole) break;
      }
      behind += run.commands;
    }
    if (given.commands > 0) this.#refill(runs);
    return given;
  }

  #runs(): Run<C>[] {
    const runs: Run<C>[] = [];
    for (let run = this.#head; run < this.#tail; run++) {
      const at = run & this.#mask;
      runs.push({ client: this.#clients[at]!, commands: this.#counts[at]!, bytes: this.#bytes[at]! });
    }
    return runs;
  }

  #refill(runs: readonly Run<C>[]): void {
    this.#head = 0;
    this.#tail = 0;
    this.#commandsTotal = 0;
    this.#bytesTotal = 0;
    this.#clients.fill(undefined);
    for (const { client, commands, bytes } of runs) if (commands > 0) this.push(client, commands, bytes);
  }

  #resize(capacity: number): void {
    const clients: (C | undefined)[] = new Array(capacity);
    const counts = new Uint32Array(capacity);
    const bytes = new Float64Array(capacity);
    for (let run = this.#head; run < this.#tail; run++) {
      clients[run & (capacity - 1)] = this.#clients[run & this.#mask];
      counts[run & (capacity - 1)] = this.#counts[run & this.#mask]!;
      bytes[run & (capacity - 1)] = this.#bytes[run & this.#mask]!;
    }
    this.#clients = clients;
    this.#counts = counts;
    this.#bytes = bytes;
    this.#mask = capacity - 1;
  }
}
