import { type MessagePort, Worker } from 'node:worker_threads';

interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: unknown };

/** What a thread can be asked: plain data in, plain data out. */
export type Service = Record<string, (...args: never[]) => Promise<unknown>>;

/** Answers, inside a thread, the calls of the one who started it. */
export function serve(port: MessagePort, service: Service): void {
  port.on('message', ({ id, name, args }: Call) => {
    const answer = async (): Promise<unknown> => service[name]!(...(args as never[]));
    answer().then(
      (value) => port.postMessage({ id, value } satisfies Answer),
      (error: unknown) => port.postMessage({ id, error } satisfies Answer),
    );
  });
}

/**
 * A service in a thread of its own: what it does and what others do cannot make each other wait. Errors arrive as Error
 * with the message of the original, but neither its class nor its code.
 */
export class Thread<S extends Service> {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  private readonly worker: Worker;
  private ended: Error | undefined;
  private calls = 0;

  /** `module` is compiled JavaScript that calls serve(parentPort, …). */
  constructor(module: URL, data?: unknown) {
    this.worker = new Worker(module, { workerData: data });
    this.worker.on('message', (answer: Answer) => this.settle(answer));
    this.worker.on('error', (error) => this.end(error));
    this.worker.on('exit', (code) => this.end(new Error(`the thread ended with code ${code}`)));
  }

  /** Rejects when the service does, or when the thread ends first. */
  call<Name extends keyof S & string>(name: Name, ...args: Parameters<S[Name]>): ReturnType<S[Name]> {
    if (this.ended !== undefined) return Promise.reject(this.ended) as ReturnType<S[Name]>;
    const id = ++this.calls;
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.worker.postMessage({ id, name, args } satisfies Call);
    return answer as ReturnType<S[Name]>;
  }

  /** At once; open calls reject. */
  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private settle(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(answer.error);
    else waiting?.resolve(answer.value);
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
