import { BufferPool } from '../../session/index.js';

/** Buffers of 4 to 256 KiB are used again; smaller ones come from Node's own pool, larger ones are rare. */
const SMALLEST_BITS = 12;
const LARGEST_BITS = 18;
/** In each pool. */
const KEPT_BYTES_MAX = 256 * 1024;

/** By size, from the smallest. */
const pools = Array.from({ length: LARGEST_BITS - SMALLEST_BITS + 1 }, (_, more) => {
  const size = 1 << (SMALLEST_BITS + more);
  return new BufferPool(size, KEPT_BYTES_MAX / size);
});

/** Where buffers of the size that `bytes` need are pooled. */
function poolFor(bytes: number): BufferPool | undefined {
  if (bytes < 1 << (SMALLEST_BITS - 1)) return undefined;
  return pools[Math.max(SMALLEST_BITS, 32 - Math.clz32(bytes - 1)) - SMALLEST_BITS];
}

/** Bytes that have to wait, in memory that is used again. */
export class Copies {
  readonly parts: Buffer[] = [];
  bytes = 0;

  /** Copies it. */
  add(part: Buffer): void {
    const pool = poolFor(part.length);
    if (pool === undefined) this.parts.push(Buffer.from(part));
    else {
      const memory = pool.take();
      part.copy(memory);
      this.parts.push(memory.subarray(0, part.length));
    }
    this.bytes += part.length;
  }

  /** Nobody refers to the parts any more. */
  release(): void {
    for (const part of this.parts) {
      const pool = poolFor(part.length);
      pool?.give(Buffer.from(part.buffer, part.byteOffset, pool.size));
    }
    this.parts.length = 0;
  }
}
