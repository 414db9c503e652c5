export type Value = string | string[];

/** The databases of one server. Empty lists do not exist. */
export class Data {
  readonly #databases = new Map<number, Map<string, Value>>();

  database(index: number): Map<string, Value> {
    const known = this.#databases.get(index);
    if (known !== undefined) return known;
    const made = new Map<string, Value>();
    this.#databases.set(index, made);
    return made;
  }

  copy(): Data {
    const copy = new Data();
    for (const [index, keys] of this.#databases) {
      const database = copy.database(index);
      for (const [key, value] of keys) database.set(key, typeof value === 'string' ? value : [...value]);
    }
    return copy;
  }

  /** All keys for which `wanted` says yes, as `database/key=value`, sorted. */
  dump(wanted: (key: string) => boolean): string[] {
    const lines: string[] = [];
    for (const [index, keys] of this.#databases) {
      for (const [key, value] of keys) if (wanted(key)) lines.push(`${index}/${key}=${String(value)}`);
    }
    return lines.sort();
  }
}
