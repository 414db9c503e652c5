import { createHash } from 'node:crypto';

const BYTES_MAX = 16 * 1024 * 1024;

/**
 * Script bodies that sessions of this process have sent to one pair. The servers' script cache is not replicated, so a
 * session that goes on with EVALSHA on another node would meet NOSCRIPT, inside a transaction even after half of it was
 * done. Bounded by bytes; the least recently sent goes first.
 */
export class ScriptCache {
  readonly #bodies = new Map<string, Buffer>();
  #bytes = 0;
  #revision = 0;

  /** Grows with each body that is new. */
  get revision(): number {
    return this.#revision;
  }

  /** Remembers a body. It is copied. */
  remember(body: Buffer): void {
    if (body.length > BYTES_MAX) return;
    const sha = createHash('sha1').update(body).digest('hex');
    const known = this.#bodies.get(sha);
    if (known !== undefined) {
      this.#bodies.delete(sha);
      this.#bodies.set(sha, known);
      return;
    }
    this.#bodies.set(sha, Buffer.from(body));
    this.#revision++;
    this.#bytes += body.length;
    for (const [oldest, bytes] of this.#bodies) {
      if (this.#bytes <= BYTES_MAX) break;
      this.#bodies.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }

  body(sha: string): Buffer | undefined {
    return this.#bodies.get(sha);
  }

  /** SHA-1 of each body, hexadecimal, oldest first. */
  shas(): string[] {
    return [...this.#bodies.keys()];
  }

  clear(): void {
    this.#bodies.clear();
    this.#bytes = 0;
  }
}
