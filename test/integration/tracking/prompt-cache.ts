import { BasicClientSideCache } from 'redis';

interface Entry {
  invalidate(): void;
}

/**
 * The cache of node-redis, which forgets reads on their way, too, when it is told to forget everything. Its own (6.3.1) only
 * does so for single keys: an answer that comes in one packet with the order to forget all (FLUSHALL, or a move) stays.
 */
export class PromptCache extends BasicClientSideCache {
  readonly #entries = new Set<Entry>();

  override set(...args: Parameters<BasicClientSideCache['set']>): void {
    this.#entries.add(args[1]);
    super.set(...args);
  }

  override invalidate(key: Parameters<BasicClientSideCache['invalidate']>[0]): void {
    if (key === null) {
      for (const entry of this.#entries) entry.invalidate();
      this.#entries.clear();
    }
    super.invalidate(key);
  }
}
