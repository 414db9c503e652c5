/**
 * What a reader may be told, when each key is written by one writer with growing numbers.
 *
 * A cache may lag behind: invalidations take time. But they come in order with everything else on the reader's connection.
 * So a reader that has sent a write of its own (a fence: only a primary executes it) and was answered, has been told of all
 * that was written before. From then on it must not take a value for current that was overwritten, for certain, before the
 * fence was begun; nor one that nobody has begun to write.
 *
 * And when nothing is being written, every reader that has passed a fence must be told exactly what the primary has: also
 * after a crash, which may take back writes that were acknowledged and had not been replicated.
 */
export class Versions {
  readonly #begun = new Map<string, number>();
  readonly #certain = new Map<string, number>();
  readonly faults: string[] = [];

  /** The next number to be written to this key. */
  begin(key: string): number {
    const version = (this.#begun.get(key) ?? 0) + 1;
    this.#begun.set(key, version);
    return version;
  }

  /** It was written, and no crash can take it back. */
  certain(key: string, version: number): void {
    this.#certain.set(key, version);
  }

  /** What is certain at this moment: where a fence begins. */
  mark(): ReadonlyMap<string, number> {
    return new Map(this.#certain);
  }

  /** `reader`, behind the fence that was begun at `fence`, was told this. */
  judge(reader: string, key: string, version: number, fence: ReadonlyMap<string, number>): void {
    const least = fence.get(key) ?? 0;
    const most = this.#begun.get(key) ?? 0;
    if (version < least) this.faults.push(`${reader} was told ${key} = ${version}, but ${least} was before its fence`);
    if (version > most) this.faults.push(`${reader} was told ${key} = ${version}, which nobody has written`);
  }
}
