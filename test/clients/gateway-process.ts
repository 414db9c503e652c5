import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '../../src/lab/wait-for.js';
import { checkout } from './places.js';

const startDeadlineMs = 60_000;
const stopGraceMs = 10_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What the gateway counted, of its only listener. */
export interface GatewayCounts {
  readonly accepted: number;
  /** Connected now. */
  readonly clients: number;
  readonly moves: number;
  readonly replayed: number;
  readonly uncertain: number;
  readonly givenUp: number;
  readonly closed: number;
  readonly resubscribed: number;
}

const metricNames: Record<keyof GatewayCounts, string> = {
  accepted: 'clients_accepted_total',
  clients: 'clients',
  moves: 'moves_total',
  replayed: 'commands_replayed_total',
  uncertain: 'commands_uncertain_total',
  givenUp: 'commands_given_up_total',
  closed: 'clients_closed_total',
  resubscribed: 'resubscribed_total',
};

/** `segue gateway`, compiled, as users start it: a `follow` listener on a port that is free, before any node of a pair. */
export class GatewayProcess {
  readonly #log: Record<string, unknown>[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #other = '';

  private constructor(node: string) {
    const args = ['gateway', '--nodes', node, '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SEGUE_'));
    this.#child = spawn(process.execPath, [join(checkout, 'dist', 'cli', 'main.js'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: Object.fromEntries(inherited),
    });
    running.add(this.#child);
    createInterface({ input: this.#child.stderr! }).on('line', (text) => {
      if (text.startsWith('{')) this.#log.push(JSON.parse(text) as Record<string, unknown>);
      else this.#other += `${text}\n`;
    });
    this.#exited = new Promise((resolve) => {
      this.#child.on('close', () => {
        running.delete(this.#child);
        resolve();
      });
    });
  }

  /** `node`: URL. Resolves when it listens. */
  static async start(node: string): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(node);
    await waitFor(() => gateway.port > 0 && gateway.#portOf('admin endpoint') > 0, {
      deadlineMs: startDeadlineMs,
      what: 'segue gateway to listen',
    }).catch(async (error: Error) => {
      await gateway.stop();
      throw new Error(`${error.message}\n${gateway.#other}`);
    });
    return gateway;
  }

  get port(): number {
    return this.#portOf('listening');
  }

  async counts(): Promise<GatewayCounts> {
    const text = await (await fetch(`http://127.0.0.1:${this.#portOf('admin endpoint')}/metrics`)).text();
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^segue_gateway_${name}(?:\\{.*\\})? (\\d+)`, 'gm'))]
        .map(([, value]) => Number(value))
        .reduce((total, value) => total + value, 0);
    const counts = Object.entries(metricNames).map(([name, metric]) => [name, sum(metric)]);
    return Object.fromEntries(counts) as unknown as GatewayCounts;
  }

  /** Warnings and errors that it logged. */
  complaints(): string[] {
    return this.#log
      .filter(({ level }) => Number(level) >= 40)
      .map(({ msg, ...more }) => `gateway: ${msg} ${JSON.stringify(more)}`);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopGraceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #portOf(message: string): number {
    const address = this.#log.find(({ msg }) => msg === message)?.address;
    return Number(String(address).split(':').at(-1)) || 0;
  }
}
