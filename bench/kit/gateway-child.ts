import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GatewayOptions } from '../../src/gateway/index.js';
import type { Census, GatewayNews, Memory } from './gateway-process.js';

/** A gateway in a process of its own. It ends with us, whatever ends us. */
export class GatewayChild {
  readonly name = 'gateway';
  readonly host = '127.0.0.1';

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** @throws when it does not start. `execArgv`: for Node. */
  static async start(options: GatewayOptions, execArgv: readonly string[] = []): Promise<GatewayChild> {
    const program = fileURLToPath(new URL('./gateway-process.js', import.meta.url));
    const child = fork(program, [JSON.stringify(options)], { execArgv: [...execArgv] });
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}`)));
    ended.catch(() => {}); // later ends show in what then fails
    const [news] = (await Promise.race([once(child, 'message'), ended])) as [GatewayNews];
    if (!('port' in news)) throw new Error('the gateway did not start');
    return new GatewayChild(child, news.port);
  }

  get pid(): number {
    return this.child.pid!;
  }

  async memory(): Promise<Memory> {
    const news = await this.ask('memory');
    if (!('memory' in news)) throw new Error('the gateway answered something else');
    return news.memory;
  }

  async census(): Promise<Census> {
    const news = await this.ask('census');
    if (!('census' in news)) throw new Error('the gateway answered something else');
    return news.census;
  }

  /** Of all sessions, since the start. */
  async moves(): Promise<number> {
    const news = await this.ask('moves');
    if (!('moves' in news)) throw new Error('the gateway answered something else');
    return news.moves;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    if (this.child.connected) this.child.disconnect();
    await ended;
  }

  /** One question at a time. */
  private async ask(question: string): Promise<GatewayNews> {
    this.child.send(question);
    const [news] = (await once(this.child, 'message')) as [GatewayNews];
    return news;
  }
}
