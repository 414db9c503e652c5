/** The part of ioredis (5, 6) and iovalkey that the workloads use: a client under test, whatever carries its bytes. */
export interface LoadClient {
  readonly status: string;
  rpush(key: string, ...values: string[]): Promise<number>;
  incr(key: string): Promise<number>;
  get(key: string): Promise<string | null>;
  set(key: string, value: string | Buffer): Promise<unknown>;
  getBuffer(key: string): Promise<Buffer | null>;
  llen(key: string): Promise<number>;
  lrange(key: string, from: number, to: number): Promise<string[]>;
  blpop(key: string, timeoutSeconds: number): Promise<[string, string] | null>;
  watch(...keys: string[]): Promise<unknown>;
  pipeline(): LoadBatch;
  multi(): LoadBatch;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  duplicate(): LoadClient;
  on(event: 'error', listener: (error: Error) => void): unknown;
  quit(): Promise<unknown>;
  disconnect(): void;
}

/** Commands gathered for one exec(), whose result has one `[error, reply]` for each (null: a watched key had changed). */
export interface LoadBatch {
  rpush(key: string, ...values: string[]): LoadBatch;
  incr(key: string): LoadBatch;
  get(key: string): LoadBatch;
  set(key: string, value: string): LoadBatch;
  exec(): Promise<[Error | null, unknown][] | null>;
}

/** Reads the data afterwards, to compare it with what was promised. A LoadClient is one. */
export type LoadReader = Pick<LoadClient, 'get' | 'getBuffer' | 'llen' | 'lrange'>;

const chunkLength = 20_000;

/** A whole list, in chunks that no server minds. The list must not change meanwhile. */
export async function readList(reader: LoadReader, key: string): Promise<string[]> {
  const length = await reader.llen(key);
  const items: string[] = [];
  while (items.length < length) {
    const chunk = await reader.lrange(key, items.length, items.length + chunkLength - 1);
    if (chunk.length === 0) throw new Error(`${key} became shorter while it was read`);
    for (const item of chunk) items.push(item);
  }
  return items;
}
