import { type Channel, channel } from 'node:diagnostics_channel';
import type { ClientDescription } from '../session/index.js';
import { EVENT_TYPES, type SegueEvent, type SegueEventOf, type SegueEventType } from './segue-event.js';

/** Whom an event concerns. */
export interface EventSource {
  /** The nodes that were configured for the pair, without credentials: `10.0.0.1:6379,10.0.0.2:6379`. */
  readonly pair: string;
  /** Number of the session in this process, from 1. Undefined: the event is none of a single session. */
  readonly session?: number;
  /** Who its client is, without secrets. */
  readonly client?: ClientDescription;
}

/** A message on the channel `segue:<type>` of `node:diagnostics_channel`. */
export interface SegueDiagnostics<Type extends SegueEventType = SegueEventType> extends EventSource {
  /** What `onEvent` is told: the same object. */
  readonly event: SegueEventOf<Type>;
}

const PREFIX = 'segue:';

/** They are kept: `hasSubscribers` of a channel that was found before is one property. */
const channels = Object.fromEntries(EVENT_TYPES.map((type) => [type, channel(PREFIX + type)])) as Readonly<
  Record<SegueEventType, Channel>
>;

/**
 * Publishes an event if anybody listens; else `source` is not called. What a subscriber throws becomes an uncaught
 * exception of its own.
 */
export function publish(event: SegueEvent, source: () => EventSource): void {
  const one = channels[event.type];
  if (one.hasSubscribers) one.publish({ ...source(), event } satisfies SegueDiagnostics);
}
