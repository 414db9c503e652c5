import { isDeepStrictEqual } from 'node:util';
import type { ListenTls } from '../transport/index.js';
import { type GatewayOptions, type ListenerOptions, limitsOf } from './gateway-options.js';
import type { Limits } from './limits.js';

/** What a new configuration changes at once, and what only a restart would. In words, for the log. */
export interface Reloaded {
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
}

export interface Changes extends Reloaded {
  readonly listeners: readonly { name: string; limits: Limits; tls: ListenTls | undefined }[];
  /** The listeners as they are afterwards: what needs a restart is as before. */
  readonly merged: readonly ListenerOptions[];
}

const nameOf = ({ name, listen }: ListenerOptions): string => name ?? listen;

function withTls(tls: ListenTls | undefined): { tls?: ListenTls } {
  return tls === undefined ? {} : { tls };
}

/** Compares two configurations that have been checked. */
export function changesOf(before: GatewayOptions, after: GatewayOptions): Changes {
  const changed: string[] = [];
  const needsRestart: string[] = [];
  const listeners: { name: string; limits: Limits; tls: ListenTls | undefined }[] = [];
  const merged = before.listeners.map((old) => {
    const fresh = after.listeners.find((listener) => nameOf(listener) === nameOf(old));
    if (fresh === undefined) {
      needsRestart.push(`listener ${nameOf(old)} is to go`);
      return old;
    }
    const { limits: oldLimits, tls: oldTls, ...oldRest } = old;
    const { limits, tls, ...rest } = fresh;
    if (!isDeepStrictEqual(oldLimits, limits)) changed.push(`limits of ${nameOf(old)}`);
    const bothTls = oldTls !== undefined && tls !== undefined;
    if (bothTls && !isDeepStrictEqual(oldTls, tls)) changed.push(`certificates of ${nameOf(old)}`);
    if (!bothTls && oldTls !== tls) needsRestart.push(`TLS of ${nameOf(old)} on or off`);
    if (!isDeepStrictEqual(oldRest, rest)) needsRestart.push(`listener ${nameOf(old)}`);
    listeners.push({ name: nameOf(old), limits: limitsOf(limits), tls: bothTls ? tls : undefined });
    return { ...oldRest, ...(limits === undefined ? {} : { limits }), ...withTls(bothTls ? tls : oldTls) };
  });
  for (const fresh of after.listeners) {
    const known = before.listeners.some((old) => nameOf(old) === nameOf(fresh));
    if (!known) needsRestart.push(`listener ${nameOf(fresh)} is new`);
  }
  for (const name of ['nodes', 'username', 'password', 'tls', 'session', 'drainTimeoutMs'] as const) {
    if (!isDeepStrictEqual(before[name], after[name])) needsRestart.push(name);
  }
  return { changed, needsRestart, listeners, merged };
}
