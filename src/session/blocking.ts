import { encodeCommand, type TimeoutSpot, timeoutIndex } from '../resp/index.js';

/**
 * The time at which a blocking command answers nil: Infinity when it waits for ever (0), undefined when it does not
 * block or its timeout is no number (the server will say so).
 */
export function blockingDeadline(args: readonly Buffer[], spot: TimeoutSpot, now: number): number | undefined {
  const index = timeoutIndex(args, spot);
  const text = index === undefined ? undefined : args[index]?.toString('latin1');
  if (text === undefined || text === '') return undefined;
  const timeout = Number(text);
  if (Number.isNaN(timeout) || timeout < 0) return undefined;
  if (timeout === 0) return Number.POSITIVE_INFINITY;
  return now + (spot.unit === 's' ? timeout * 1000 : timeout);
}

/** The same command with `remainingMs` as its timeout; at least a millisecond, since 0 would be for ever. */
export function withRemainingTime(command: readonly Buffer[], spot: TimeoutSpot, remainingMs: number): Buffer {
  const index = timeoutIndex(command, spot);
  if (index === undefined) return encodeCommand(command);
  const ms = Math.max(1, Math.ceil(remainingMs));
  return encodeCommand(command.map((arg, at) => (at !== index ? arg : spot.unit === 's' ? `${ms / 1000}` : `${ms}`)));
}
