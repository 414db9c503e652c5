import { CommandScanner, type CommandTable } from '../../resp/index.js';

/** Where the commands go, in order. */
export interface IntakeSink {
  /** Whether nothing about this command matters but that it is sent at once. It is counted as such, and comes with `forward`. */
  takesPlain(id: number): boolean;
  /** Whole commands that were plain, or (after raw) whatever came. */
  forward(bytes: Buffer): void;
  /** One command that is to be looked at. What comes behind it has not been read yet. */
  admit(id: number, bytes: Buffer): void;
  /** What the client sends is no RESP any more. */
  readonly raw: boolean;
}

/** Finds the commands in a client's bytes. What is plain goes on in one piece. */
export class Intake {
  readonly #scanner: CommandScanner;
  /** The beginning of a command. */
  #parts: Buffer[] = [];
  /** Their bytes. */
  partBytes = 0;

  constructor(
    table: CommandTable,
    commandBytesMax: number,
    private readonly sink: IntakeSink,
  ) {
    this.#scanner = new CommandScanner(table, { commandBytesMax });
  }

  /** Throws RespError for what is no RESP. The chunk is borrowed. */
  take(chunk: Buffer): void {
    const own = Buffer.from(chunk);
    if (this.sink.raw) this.sink.forward(own);
    else this.#scan(own);
  }

  #scan(own: Buffer): void {
    const scanner = this.#scanner;
    let at = 0;
    /** Where the plain commands begin that have not been sent on. */
    let run = 0;
    for (;;) {
      const end = scanner.next(own, at, own.length);
      if (end < 0) break;
      const begun = this.#parts.length > 0;
      if (begun || scanner.argc === 0 || !this.sink.takesPlain(scanner.id)) {
        this.#forward(own, run, at);
        run = end;
        const bytes = this.#whole(own.subarray(at, end));
        if (scanner.argc > 0) this.sink.admit(scanner.id, bytes);
      }
      at = end;
      if (this.sink.raw) break;
    }
    if (this.sink.raw) this.#forward(own, at, own.length);
    else {
      this.#forward(own, run, at);
      this.#keep(own, at);
    }
  }

  /** The command that ends with these bytes. */
  #whole(end: Buffer): Buffer {
    if (this.#parts.length === 0) return end;
    const bytes = Buffer.concat([...this.#parts, end]);
    this.#parts = [];
    this.partBytes = 0;
    return bytes;
  }

  #keep(own: Buffer, from: number): void {
    if (from === own.length) return;
    this.#parts.push(own.subarray(from));
    this.partBytes += own.length - from;
  }

  #forward(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.sink.forward(bytes.subarray(from, to));
  }
}
