/** A place among the answers that is still empty. */
export interface Slot {
  bytes: Buffer | undefined;
}

/** Hands answers on in order, although some are known only later than those behind them. */
export class OrderedAnswers {
  readonly #waiting: (Buffer | Slot)[] = [];
  #bytes = 0;

  constructor(private readonly send: (bytes: Buffer) => void) {}

  /** Nothing is held back. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Held back for a slot in front, with something for each slot. */
  get bytes(): number {
    return this.#bytes;
  }

  give(bytes: Buffer): void {
    if (this.#waiting.length === 0) {
      this.send(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
  }

  hold(): Slot {
    const slot: Slot = { bytes: undefined };
    this.#waiting.push(slot);
    this.#bytes += SLOT_BYTES;
    return slot;
  }

  fill(slot: Slot, bytes: Buffer): void {
    slot.bytes = bytes;
    let ready = 0;
    for (const one of this.#waiting) {
      if (!Buffer.isBuffer(one) && one.bytes === undefined) break;
      ready++;
    }
    for (const one of this.#waiting.splice(0, ready)) {
      this.#bytes -= Buffer.isBuffer(one) ? one.length : SLOT_BYTES;
      this.send(Buffer.isBuffer(one) ? one : one.bytes!);
    }
  }
}

const SLOT_BYTES = 64;
