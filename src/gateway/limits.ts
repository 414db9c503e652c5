import { encodeError } from '../resp/index.js';
import type { CloseReason } from './listener.js';

/** The bounds of one listener. Everything that its clients can make grow or last has one. */
export interface Limits {
  /** Clients at a time. */
  readonly connectionsMax: number;
  /** Commands without an answer, of one client. Past it the client is not read until some are answered. */
  readonly clientCommandsMax: number;
  /** Bytes of commands without an answer, of one client. Past it the client is not read until some are answered. */
  readonly clientBytesMax: number;
  /** The same bytes, of all clients together. Past it nobody is read who has something outstanding. */
  readonly heldBytesMax: number;
  /** One command. */
  readonly commandBytesMax: number;
  /** Bytes of answers and messages that one client has not taken. A single larger one is admitted. */
  readonly outputBytesMax: number;
  /** How long a client may take nothing of what waits for it. */
  readonly stallTimeoutMs: number;
  /** How long a client may be silent that waits for nothing. 0: for ever. */
  readonly idleTimeoutMs: number;
  /** From the connection to the first whole command, and to the login where one is required. */
  readonly handshakeTimeoutMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The one list: it checks configurations, and docs/gateway.md is compared with it. */
export const LIMITS: Readonly<Record<keyof Limits, LimitSpec>> = {
  connectionsMax: spec('connections', 10_000, 1, 1_000_000, 'Clients at a time.', 'connections'),
  clientCommandsMax: spec('commands', 100_000, 1, 10_000_000, 'Commands without an answer, of one client.'),
  clientBytesMax: spec('bytes', 64 * MIB, KIB, 1024 * MIB, 'Bytes of commands without an answer, of one client.'),
  heldBytesMax: spec('bytes', 1024 * MIB, MIB, 1024 * 1024 * MIB, 'The same, of all clients together.', 'held'),
  commandBytesMax: spec('bytes', 512 * MIB, KIB, 4096 * MIB, 'The largest command.', 'command-size'),
  outputBytesMax: spec('bytes', 64 * MIB, KIB, 65536 * MIB, 'What waits for one client that does not read.', 'output'),
  stallTimeoutMs: spec('ms', 60_000, 10, 86_400_000, 'How long a client may take nothing of what waits.', 'stalled'),
  idleTimeoutMs: spec('ms', 0, 0, 604_800_000, 'How long a client may be silent that waits for nothing.', 'idle'),
  handshakeTimeoutMs: spec('ms', 10_000, 10, 3_600_000, 'Until TLS, the first command, the login.', 'handshake'),
};

export interface LimitSpec {
  readonly unit: 'connections' | 'commands' | 'bytes' | 'ms';
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly what: string;
  /** What the closing of a client for it is called in logs and metrics; undefined: a client is only made to wait. */
  readonly closes: CloseReason | undefined;
}

function spec(
  unit: LimitSpec['unit'],
  byDefault: number,
  min: number,
  max: number,
  what: string,
  closes?: CloseReason,
): LimitSpec {
  return { unit, byDefault, min, max, what, closes };
}

export const DEFAULT_LIMITS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { byDefault }]) => [name, byDefault]),
) as unknown as Limits;

/**
 * What a client is told before it is closed. Those that are not listed are closed without a word: nobody reads, or the
 * text would be taken for the answer to a command. The first is word for word the servers', which clients know.
 */
export const FAREWELLS: Partial<Record<CloseReason, Buffer>> = {
  connections: encodeError('ERR', 'max number of clients reached'),
  held: encodeError('GATEWAYLIMIT', 'the gateway has no room for this command: too much waits for answers'),
};
