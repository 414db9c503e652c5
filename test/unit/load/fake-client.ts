import type { LoadBatch, LoadClient } from '../../../src/lab/load/load-client.js';

/** What the fake server does wrong, once, at the `at`-th command that it could do it to. */
export interface Cheat {
  readonly kind:
    | 'lose'
    | 'repeat'
    | 'swap replies'
    | 'stale read'
    | 'blind commit'
    | 'half transaction'
    | 'corrupt'
    | 'hang'
    | 'pop twice';
  readonly at: number;
}

type Value = string | Buffer | string[];
type Command = [name: string, ...args: (string | Buffer)[]];

/** A server in memory, honest or with one cheat. */
export class FakeStore {
  readonly data = new Map<string, Value>();
  /** The value before the present one, for stale reads. */
  readonly before = new Map<string, Value | undefined>();
  readonly versions = new Map<string, number>();
  private seen = 0;

  constructor(private readonly cheat?: Cheat) {}

  cheats(kind: Cheat['kind']): boolean {
    if (this.cheat?.kind !== kind) return false;
    this.seen += 1;
    return this.seen === this.cheat.at;
  }

  run([name, key, ...args]: Command): unknown {
    const k = String(key);
    switch (name) {
      case 'rpush': {
        const list = this.list(k);
        if (this.cheats('lose')) return list.length + 1;
        list.push(...args.map(String));
        if (this.cheats('repeat')) list.push(...args.map(String));
        return this.touch(k, list, list.length);
      }
      case 'incr': {
        const value = Number(this.data.get(k) ?? 0) + 1;
        return this.touch(k, String(value), value);
      }
      case 'set': {
        const value = args[0]!;
        const bad = typeof value !== 'string' && this.cheats('corrupt');
        return this.touch(k, bad ? Buffer.from(value).fill(1, value.length - 1) : value, 'OK');
      }
      case 'lpop': {
        const list = this.list(k);
        const item = list.length > 0 && this.cheats('pop twice') ? list[0] : list.shift();
        return item === undefined ? null : [k, item];
      }
      default:
        return (this.data.get(k) as string | undefined) ?? null;
    }
  }

  private list(key: string): string[] {
    return (this.data.get(key) as string[] | undefined) ?? [];
  }

  private touch(key: string, value: Value, reply: unknown): unknown {
    this.before.set(key, this.data.get(key));
    this.data.set(key, value);
    this.versions.set(key, (this.versions.get(key) ?? 0) + 1);
    return reply;
  }
}

/** A client of the fake store, with the methods that the workloads use; answers in the next turn of the event loop. */
export class FakeClient implements LoadClient {
  readonly status = 'ready';
  private readonly watched = new Map<string, number>();
  private previous: unknown;
  segueAppend?: (...args: string[]) => Promise<unknown>;

  constructor(readonly store: FakeStore) {}

  private async send(command: Command): Promise<never> {
    let reply = this.store.run(command);
    if (this.store.cheats('hang')) await new Promise(() => {});
    if (command[0] === 'rpush' || command[0] === 'incr') {
      const own = reply;
      if (this.store.cheats('swap replies')) reply = this.previous;
      this.previous = own;
    }
    await new Promise((resolve) => setImmediate(resolve));
    return reply as never;
  }

  rpush = (key: string, ...values: string[]): Promise<number> => this.send(['rpush', key, ...values]);
  incr = (key: string): Promise<number> => this.send(['incr', key]);
  set = (key: string, value: string | Buffer): Promise<unknown> => this.send(['set', key, value]);
  blpop = (key: string): Promise<[string, string] | null> => this.send(['lpop', key]);
  get = (key: string): Promise<string | null> => this.send(['get', key]);

  getBuffer(key: string): Promise<Buffer | null> {
    const stale = this.store.cheats('stale read');
    return stale
      ? Promise.resolve((this.store.before.get(key) as Buffer | undefined) ?? null)
      : this.send(['get', key]);
  }

  async llen(key: string): Promise<number> {
    return ((this.store.data.get(key) ?? []) as string[]).length;
  }

  async lrange(key: string, from: number, to: number): Promise<string[]> {
    return ((this.store.data.get(key) ?? []) as string[]).slice(from, to + 1);
  }

  async watch(...keys: string[]): Promise<unknown> {
    for (const key of keys) this.watched.set(key, this.store.versions.get(key) ?? 0);
    return 'OK';
  }

  pipeline = (): LoadBatch => new FakeBatch(this, false);
  multi = (): LoadBatch => new FakeBatch(this, true);

  async commit(commands: Command[], atomic: boolean): Promise<[Error | null, unknown][] | null> {
    await new Promise((resolve) => setImmediate(resolve));
    const changed = [...this.watched].some(([key, version]) => version !== (this.store.versions.get(key) ?? 0));
    this.watched.clear();
    if (atomic && changed && !this.store.cheats('blind commit')) return null;
    const half = atomic && this.store.cheats('half transaction');
    return commands.map((command, index) => [null, half && index === 1 ? 1 : this.store.run(command)]);
  }

  defineCommand(): void {
    this.segueAppend = async (list, counter, entry) => {
      const [place, count] = [this.store.run(['rpush', list!, entry!]), this.store.run(['incr', counter!])];
      await new Promise((resolve) => setImmediate(resolve));
      return [entry, place, count];
    };
  }

  duplicate(): LoadClient {
    return new FakeClient(this.store);
  }

  on(): void {}
  async quit(): Promise<void> {}
  disconnect(): void {}
}

class FakeBatch implements LoadBatch {
  private readonly commands: Command[] = [];
  private script: string[] | undefined;

  constructor(
    private readonly client: FakeClient,
    private readonly atomic: boolean,
  ) {}

  private add(...command: Command): this {
    this.commands.push(command);
    return this;
  }

  rpush = (key: string, ...values: string[]): this => this.add('rpush', key, ...values);
  incr = (key: string): this => this.add('incr', key);
  get = (key: string): this => this.add('get', key);
  set = (key: string, value: string): this => this.add('set', key, value);

  segueAppend(...args: string[]): this {
    this.script = args;
    return this;
  }

  async exec(): Promise<[Error | null, unknown][] | null> {
    if (this.script !== undefined) return [[null, await this.client.segueAppend!(...this.script)]];
    return this.client.commit(this.commands, this.atomic);
  }
}
