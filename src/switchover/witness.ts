import { encodeCommand } from '../resp/index.js';
import type { Clock, Link, Timer } from '../transport/index.js';
import type { Order, SwitchNode } from './switch-node.js';

const ackIntervalMs = 1_000;
/** Longer is no line that a server answers here. */
const lineBytesMax = 4_096;

/** Where in the stream to begin, and the replica in whose name: it must be none that nobody knows. */
export interface WitnessPlace {
  readonly replid: string;
  readonly offset: number;
  readonly host: string;
  readonly port: number;
}

/**
 * A connection of ours that the old primary counts as a replica. A fenced primary answers NOREPLICAS at once, also in a
 * pause, and for a moment between promotion and demotion clients would see it who could have waited. So the fence asks for
 * one replica more than will be left, and the witness stands in for it: as long as the operator lives, and no longer than
 * the pause lasts. It acknowledges nothing, so that WAIT does not count it, and throws the stream away.
 */
export class Witness {
  private link: Link | undefined;
  private timer: Timer | undefined;
  private line = '';
  private state: 'asking' | 'attending' = 'asking';
  private onLine: (line: string) => void = () => {};
  private onEnd: (error: Error) => void = () => {};

  constructor(
    private readonly node: SwitchNode,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves when it counts; rejects when the server does not want it, or does not answer within `timeoutMs`. It ends by
   * itself after `validMs`.
   */
  async attend(place: WitnessPlace, validMs: number, timeoutMs: number): Promise<void> {
    const untilMs = this.clock.now() + validMs;
    this.timer = this.clock.setTimer(timeoutMs, () => this.link?.close());
    try {
      await this.attach(place);
    } finally {
      this.clock.clearTimer(this.timer);
    }
    this.state = 'attending';
    this.acknowledge(untilMs);
  }

  end(): void {
    this.clock.clearTimer(this.timer);
    this.link?.close();
    this.link = undefined;
  }

  private async attach({ replid, offset, host, port }: WitnessPlace): Promise<void> {
    this.link = this.node.link({
      onOpen() {},
      onWritable() {},
      onData: (chunk) => this.read(chunk),
      onClose: (error) => this.onEnd(error ?? new Error(`${this.node.name} hung up`)),
    });
    const { login } = this.node;
    if (login !== undefined) await this.ask(login, '+OK');
    await this.ask(['REPLCONF', 'listening-port', port, 'ip-address', host, 'capa', 'eof', 'capa', 'psync2'], '+OK');
    await this.ask(['PSYNC', replid, offset + 1], '+CONTINUE');
  }

  /** No position: only the time of it counts. */
  private acknowledge(untilMs: number): void {
    this.link?.write(encodeCommand(['REPLCONF', 'ACK', 0]));
    const leftMs = untilMs - this.clock.now();
    if (leftMs <= 0) this.end();
    else this.timer = this.clock.setTimer(Math.min(ackIntervalMs, leftMs), () => this.acknowledge(untilMs));
  }

  private ask(order: Order, wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.onLine = () => {};
        this.onEnd = () => {};
        finish();
      };
      this.onEnd = (error) => settle(() => reject(error));
      this.onLine = (line) => settle(line.startsWith(wanted) ? resolve : () => reject(new Error(line)));
      this.link?.write(encodeCommand(order));
    });
  }

  private read(chunk: Buffer): void {
    if (this.state === 'attending') return; // the stream itself
    for (let rest = chunk.toString('latin1'); rest !== '' && this.line.length < lineBytesMax; ) {
      const end = rest.indexOf('\n');
      if (end === -1) {
        this.line += rest;
        return;
      }
      const line = this.line + rest.slice(0, end);
      this.line = '';
      rest = rest.slice(end + 1);
      this.onLine(line.trimEnd());
    }
  }
}
