export type Family = 'channel' | 'pattern' | 'shard';

const NONE: ReadonlySet<string> = new Set();

/** What a connection is subscribed to. Most are to nothing, or to one family: a set comes with its first name. */
export class Subscriptions {
  readonly #sets: { [family in Family]?: Set<string> } = {};

  of(family: Family): ReadonlySet<string> {
    return this.#sets[family] ?? NONE;
  }

  get size(): number {
    return this.of('channel').size + this.of('pattern').size + this.of('shard').size;
  }

  /** Takes a confirmation; without a name it changes nothing. Returns whether it has. */
  confirm(is: 'subscribed' | 'unsubscribed', family: Family, name: string | undefined): boolean {
    if (name === undefined || this.of(family).has(name) === (is === 'subscribed')) return false;
    if (is === 'unsubscribed') return this.#sets[family]!.delete(name);
    this.#sets[family] ??= new Set();
    this.#sets[family].add(name);
    return true;
  }

  clear(): void {
    for (const set of Object.values(this.#sets)) set.clear();
  }

  copy(): Subscriptions {
    const copy = new Subscriptions();
    for (const family of ['channel', 'pattern', 'shard'] as const) {
      const names = this.of(family);
      if (names.size > 0) copy.#sets[family] = new Set(names);
    }
    return copy;
  }
}
