import { connect, type Socket } from 'node:net';
import {
  type FollowListenerOptions,
  Gateway,
  type GatewayIo,
  type GatewayOptions,
} from '../../../src/gateway/index.js';
import { type LabPair, type LabServer, type PairOptions, startPair, waitFor } from '../../../src/lab/servers/index.js';
import { type SwitchReport, switchPrimary } from '../../../src/switchover/index.js';
import type { Address } from '../../../src/transport/index.js';

/** Enough to compare; the rest of large answers is only counted. */
const TEXT_MAX = 10_000;

export interface LabOptions {
  readonly pair?: PairOptions;
  readonly listener?: Partial<FollowListenerOptions>;
  readonly gateway?: Partial<GatewayOptions>;
  readonly io?: GatewayIo;
}

/** A pair of real servers with a gateway before it, for one test. */
export class GatewayLab {
  readonly host = '127.0.0.1';
  readonly #closing: (() => unknown)[] = [];

  private constructor(
    private readonly pair: LabPair,
    readonly gateway: Gateway,
    /** What the gateway was made of. */
    readonly options: GatewayOptions,
    /** The primary first. */
    readonly nodes: LabServer[],
    private readonly password: string | undefined,
  ) {}

  static async start({
    pair: pairOptions = {},
    listener = {},
    gateway: more = {},
    io = {},
  }: LabOptions = {}): Promise<GatewayLab> {
    const pair = await startPair(pairOptions);
    const { primary } = pair;
    const { password } = pairOptions;
    const options: GatewayOptions = {
      nodes: [`${primary.tls === undefined ? 'valkey' : 'valkeys'}://${primary.address}`],
      ...(password === undefined ? {} : { password }),
      ...(primary.tls === undefined ? {} : { tls: primary.tls }),
      listeners: [{ name: 'main', listen: '127.0.0.1:0', ...listener }],
      ...more,
    };
    const gateway = new Gateway(options, io);
    const lab = new GatewayLab(pair, gateway, options, [pair.primary, pair.replica], password);
    try {
      await gateway.start();
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  get port(): number {
    return (this.gateway.listeners[0]!.entrance.address as Address & { kind: 'tcp' }).port;
  }

  /** Of any number of replicas, as they were started; a switch does not change the order. */
  get all(): readonly LabServer[] {
    return this.pair.nodes;
  }

  get primary(): LabServer {
    return this.nodes[0]!;
  }

  /** The gateway's first listener. */
  get entrance() {
    return this.gateway.listeners[0]!.entrance;
  }

  get tally() {
    return this.gateway.listeners[0]!.tally;
  }

  async switchOver(): Promise<SwitchReport> {
    const [from, to] = this.nodes.map((node) => `${node.tls ? 'valkeys' : 'valkey'}://${node.address}`);
    const report = await switchPrimary({
      from: from!,
      to: to!,
      ...(this.password === undefined ? {} : { password: this.password }),
      ...(this.primary.tls === undefined ? {} : { tls: this.primary.tls }),
    });
    this.nodes.reverse();
    return report;
  }

  /** Closed with the lab, before the gateway. */
  keep<T>(thing: T, close: (thing: T) => unknown): T {
    this.#closing.push(() => close(thing));
    return thing;
  }

  /** A client of the gateway, or of whoever listens on `port`. */
  raw(port: number = this.port): RawClient {
    return this.keep(new RawClient(connect({ port, host: this.host })), (client) => client.socket.destroy());
  }

  async stop(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
    await this.gateway.stop();
    await this.pair.stop();
  }
}

/** A client that writes what it likes. */
export class RawClient {
  text = '';
  bytes = 0;
  ended = false;
  closed = false;
  error: Error | undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.text = (this.text + chunk.toString('latin1')).slice(-TEXT_MAX);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  write(bytes: string | Buffer): this {
    this.socket.write(bytes);
    return this;
  }

  /** Until all that came is `text`, or ends with it. */
  until(text: string): Promise<unknown> {
    return waitFor(() => this.text, {
      deadlineMs: 10_000,
      what: JSON.stringify(text),
      until: (seen) => seen.endsWith(text),
    });
  }

  untilClosed(): Promise<unknown> {
    return waitFor(() => this.closed, { deadlineMs: 10_000, what: 'the end of the connection' });
  }
}
