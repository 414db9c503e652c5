import type { SessionEvent } from '../session/index.js';
import type { Clock, Timer } from '../transport/index.js';
import type { Log } from './log.js';

/** What a switch can cost a client, and why: enough for an operator to find the cause. */
interface Loss {
  readonly loss: 'uncertain' | 'given-up' | 'resubscribed';
  readonly node?: string;
  readonly reason?: string;
  readonly commands: number;
}

interface Line extends Loss {
  readonly listener: string;
  sessions: number;
  commands: number;
}

/** How long the same losses of many sessions are put together into one line. */
const GATHER_MS = 1_000;
/** Different lines of one second. What is beyond them is in the metrics alone. */
const LINES_MAX = 50;

/** Tells in the log what sessions of a gateway lost: a line for each cause and second, however many sessions it met. */
export class LossLog {
  readonly #lines = new Map<string, Line>();
  #timer: Timer | undefined;

  constructor(
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  take(listener: string, event: SessionEvent): void {
    const loss = lossOf(event);
    if (loss === undefined) return;
    const key = [listener, loss.loss, loss.node, loss.reason].join('\n');
    const line = this.#lines.get(key);
    if (line !== undefined) {
      line.sessions++;
      line.commands += loss.commands;
    } else if (this.#lines.size < LINES_MAX) {
      this.#lines.set(key, { listener, ...loss, sessions: 1 });
    }
    this.#timer ??= this.clock.setTimer(GATHER_MS, () => this.flush(), { unref: true });
  }

  /** Writes what has been gathered. */
  flush(): void {
    this.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    for (const { commands, ...line } of this.#lines.values()) {
      this.log.warn(commands === 0 ? line : { ...line, commands }, 'clients have lost something');
    }
    this.#lines.clear();
  }
}

function lossOf(event: SessionEvent): Loss | undefined {
  switch (event.type) {
    case 'uncertain':
      return event.fate === 'answered' ? { loss: event.type, node: event.node, commands: event.commands } : undefined;
    case 'given-up':
      return { loss: event.type, reason: event.code, commands: event.commands };
    case 'resubscribed':
      return { loss: event.type, node: event.node, reason: event.reason, commands: 0 };
    default:
      return undefined;
  }
}
