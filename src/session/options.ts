import { defaultCommandLimits } from '../resp/index.js';

/** The bounds of a session. Everything that can grow or last has one. */
export interface SessionOptions {
  /** How long a command may wait while no primary can be reached. Then it gets `-HOLDTIMEOUT`. */
  readonly holdTimeoutMs: number;
  /** Bytes of commands kept until they are answered. A command past it gets `-HOLDLIMIT`; a single larger one is admitted. */
  readonly replayBytesMax: number;
  /** Commands kept, until they are answered and belong to no open transaction. A command past it gets `-HOLDLIMIT`. */
  readonly replayCommandsMax: number;
  /** The longest command. A longer one is a protocol error, after which nothing more is taken. */
  readonly commandBytesMax: number;
  /** A reply up to this size reaches the client whole or not at all; a larger one is passed on as it comes. */
  readonly replyBytesMax: number;
  /** How long answers are awaited from a node that is being left. */
  readonly drainTimeoutMs: number;
  /** From dialling a node until the session is restored there. */
  readonly joinTimeoutMs: number;
  /** How often one command may be refused by nodes that are not primary before it gets `-REDIRECTLOOP`. */
  readonly redirectsMax: number;
  /** How long the streams of messages of two nodes are compared before subscriptions are simply made anew. */
  readonly handoverTimeoutMs: number;
  /** Bytes of messages that one of them has brought and the other not. Past it, the same. */
  readonly handoverBytesMax: number;
  /** What becomes of a write that was sent and not answered when its connection is lost: told, or run again at the risk of twice. */
  readonly onUncertain: 'error' | 'retry';
}

const MIB = 1024 * 1024;

export const SESSION_DEFAULTS: SessionOptions = {
  holdTimeoutMs: 10_000,
  replayBytesMax: 256 * MIB,
  replayCommandsMax: 1_000_000,
  commandBytesMax: defaultCommandLimits.commandBytesMax,
  replyBytesMax: 512 * MIB,
  drainTimeoutMs: 5_000,
  joinTimeoutMs: 2_000,
  redirectsMax: 32,
  handoverTimeoutMs: 1_000,
  handoverBytesMax: 16 * MIB,
  onUncertain: 'error',
};

const complete = new WeakMap<Partial<SessionOptions>, SessionOptions>();

/** With what is not given as by default. One object for all sessions that are given the same one. */
export function completeOptions(given: Partial<SessionOptions>): SessionOptions {
  const options = complete.get(given) ?? { ...SESSION_DEFAULTS, ...given };
  complete.set(given, options);
  return options;
}
