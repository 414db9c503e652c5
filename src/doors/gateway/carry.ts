import type { CommandScanner } from '../../resp/index.js';

/** Buffers of 4 to 64 KiB are used again; smaller ones come from Node's own pool, larger ones are rare. */
const SMALLEST_BITS = 12;
const LARGEST_BITS = 16;
const POOLED_MAX = 16;

/** By size, from the smallest. */
const pools: Buffer[][] = Array.from({ length: LARGEST_BITS - SMALLEST_BITS + 1 }, () => []);

/** Where buffers of the size that `bytes` need are pooled. */
function poolFor(bytes: number): { pool: Buffer[]; size: number } | undefined {
  const bits = Math.max(SMALLEST_BITS, 32 - Math.clz32(bytes - 1));
  const pool = pools[bits - SMALLEST_BITS];
  return pool === undefined || bytes < 1 << (SMALLEST_BITS - 1) ? undefined : { pool, size: 1 << bits };
}

/** The beginning of a command. It goes nowhere before the rest has come. */
export class Carry {
  readonly parts: Buffer[] = [];
  bytes = 0;

  /** `scanner`: stands behind all parts. The carry's own. */
  constructor(readonly scanner: CommandScanner) {}

  /** Copies it. */
  add(part: Buffer): void {
    const place = poolFor(part.length);
    if (place === undefined) this.parts.push(Buffer.from(part));
    else {
      const memory = place.pool.pop() ?? Buffer.allocUnsafeSlow(place.size);
      part.copy(memory);
      this.parts.push(memory.subarray(0, part.length));
    }
    this.bytes += part.length;
  }

  /** Nobody refers to the parts any more. */
  release(): void {
    for (const part of this.parts) {
      const place = poolFor(part.length);
      if (place !== undefined && place.pool.length < POOLED_MAX)
        place.pool.push(Buffer.from(part.buffer, part.byteOffset, place.size));
    }
    this.parts.length = 0;
  }
}
