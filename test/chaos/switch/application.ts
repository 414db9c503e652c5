import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findings, type Verdict } from '../../../src/lab/load/index.js';
import type { LabServer } from '../../../src/lab/servers/index.js';
import { waitFor } from '../../../src/lab/wait-for.js';

export interface ApplicationOptions {
  /** Any node of the pair. */
  readonly host: string;
  readonly port: number;
  /** Of its keys: no other application's. */
  readonly name: string;
  readonly addressMap: Readonly<Record<string, string>>;
}

type Message = { ready: true } | { acked: number } | { error: string } | { settled: boolean } | { verdict: Verdict };

const deadlineMs = 30_000;

/** An application with Segue's sessions in a process of its own, which writes until it is stopped. */
export class Application {
  /** What it was told to be an error: must stay empty, unless it was killed. */
  readonly errors: string[] = [];
  /** Entries of its diary, a list that it has appended to in order, that were acknowledged to it. */
  acknowledged = 0;
  private readonly child: ChildProcess;
  private isReady = false;
  private settled: boolean | undefined;
  private verdict: Verdict | undefined;
  private exited = false;

  private constructor(
    folder: string,
    private readonly options: ApplicationOptions,
  ) {
    const script = fileURLToPath(new URL('./application.mjs', import.meta.url));
    this.child = fork(script, [folder, JSON.stringify(options)], { execArgv: [], stdio: 'inherit' });
    this.child.on('message', (message: Message) => this.hear(message));
    this.child.on('exit', () => {
      this.exited = true;
    });
  }

  /** Resolves when it is at work. */
  static async start(folder: string, options: ApplicationOptions): Promise<Application> {
    const application = new Application(folder, options);
    try {
      await waitFor(() => application.isReady, { deadlineMs, what: `${options.name} to be at work` });
      return application;
    } catch (error) {
      await application.end();
      throw error;
    }
  }

  /** All of them, or none. */
  static async startAll(folder: string, all: readonly ApplicationOptions[]): Promise<Application[]> {
    const started = await Promise.allSettled(all.map((options) => Application.start(folder, options)));
    const applications = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed === undefined) return applications;
    await Promise.all(applications.map((application) => application.end()));
    throw failed.reason;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when something that it wrote after this call, or nearly so, has been acknowledged. */
  goesOn(): Promise<unknown> {
    const before = this.acknowledged;
    return waitFor(() => this.acknowledged > before + 1, { deadlineMs, what: `${this.options.name} to go on` });
  }

  /** No new work; resolves when all that it had begun has ended. */
  async stop(): Promise<void> {
    this.child.send('stop');
    await waitFor(() => this.settled !== undefined, { deadlineMs, what: `${this.options.name} to end its work` });
    if (this.settled === false) this.errors.push('not everything was answered');
  }

  /** What is wrong with the data that `nodes` have, in words. Of a killed one only its diary can be told. */
  async complaints(nodes: readonly LabServer[]): Promise<string[]> {
    const diaries = await Promise.all(nodes.map((node) => this.wrongIn(node)));
    if (this.exited) return diaries.flat();
    this.child.send({ verify: nodes.map(({ host, port }) => ({ host, port })) });
    const verdict = await waitFor(() => this.verdict, { deadlineMs, what: `the verdict of ${this.options.name}` });
    const wrong = findings.filter((finding) => verdict![finding] > 0);
    return [...this.errors, ...diaries.flat(), ...(wrong.length > 0 ? [...wrong, ...verdict!.notes] : [])];
  }

  async end(): Promise<void> {
    this.signal('SIGKILL');
    await waitFor(() => this.exited, { deadlineMs, what: `${this.options.name} to end` });
  }

  /** All that was acknowledged is there, once and in order; of a killed one the next entry may be, too. */
  private async wrongIn(node: LabServer): Promise<string[]> {
    const entries = (await node.cli('LRANGE', `${this.options.name}:diary`, '0', '-1')) as string[];
    const wrong = entries.findIndex((entry, at) => String(entry) !== String(at));
    const more = entries.length - this.acknowledged;
    // What a killed process had acknowledged in the end it could not tell any more.
    const isComplete = this.exited ? more >= 0 : more === 0;
    const has = `${node.address} has ${entries.length} entries of ${this.acknowledged} in ${this.options.name}`;
    return [...(wrong >= 0 ? [`${has}: ${wrong} is ${entries[wrong]}`] : []), ...(isComplete ? [] : [has])];
  }

  private hear(message: Message): void {
    if ('ready' in message) this.isReady = true;
    else if ('acked' in message) this.acknowledged = message.acked;
    else if ('error' in message) this.errors.push(message.error);
    else if ('settled' in message) this.settled = message.settled;
    else this.verdict = message.verdict;
  }
}
