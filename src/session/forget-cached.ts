import type { Identity } from './identity.js';

const INVALIDATE_ALL = Buffer.from('>2\r\n$10\r\ninvalidate\r\n_\r\n');

/**
 * Tells a client that tracks to forget everything that it has cached, if it can be told: what it has read on another
 * connection than the one at hand, nobody will invalidate.
 */
export function forgetCached({ tracking, protocol }: Identity): Buffer | undefined {
  return tracking !== undefined && protocol === 3 ? INVALIDATE_ALL : undefined;
}
