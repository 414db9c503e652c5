/**
 * Where the commands in a buffer end and which they are, as whoever has scanned it found them, so that nobody has to scan it
 * again. For whole commands, one behind the other from the buffer's first byte on. Made to be used again and again: valid
 * until its owner clears it.
 */
export class CommandRun {
  /** Offset just past each command. */
  readonly ends: Uint32Array;
  /** Table ids, never 0. */
  readonly ids: Uint16Array;
  length = 0;

  constructor(capacity: number) {
    this.ends = new Uint32Array(capacity);
    this.ids = new Uint16Array(capacity);
  }

  /** No more than the capacity. */
  add(end: number, id: number): void {
    this.ends[this.length] = end;
    this.ids[this.length++] = id;
  }

  clear(): void {
    this.length = 0;
  }
}
