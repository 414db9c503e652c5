import { isDeepStrictEqual } from 'node:util';
import type { Address, ListenTls } from '../transport/index.js';
import {
  checkGatewayOptions,
  type GatewayOptions,
  type ListenerOptions,
  limitsOf,
  listenAddress,
  nameOf,
} from './gateway-options.js';
import type { Limits } from './limits.js';

/** What a new configuration changes at once, and what only a restart would. In words, for the log. */
export interface Reloaded {
  readonly changed: readonly string[];
  readonly needsRestart: readonly string[];
}

/** A listener that is new. */
export interface Addition {
  readonly options: ListenerOptions;
  /** The name of one that goes, and whose socket it takes over: it has the same address. */
  readonly takesOver: string | undefined;
}

export interface Changes extends Reloaded {
  /** The listeners that stay, with what they have from now on. `tls`: undefined where it stays as it is. */
  readonly listeners: readonly { name: string; limits: Limits; tls: ListenTls | undefined }[];
  readonly added: readonly Addition[];
  /** Names of listeners that go. */
  readonly removed: readonly string[];
  /** The listeners as they are afterwards, in the new order: what needs a restart is as before. */
  readonly merged: readonly ListenerOptions[];
}

/** Of addresses and ports: all of this machine. */
const ANY_HOST = new Set(['0.0.0.0', '::']);

/** Compares two configurations that have been checked. A listener is the same if it has the same name. */
export function changesOf(before: GatewayOptions, after: GatewayOptions): Changes {
  const changed: string[] = [];
  const needsRestart: string[] = [];
  const listeners: { name: string; limits: Limits; tls: ListenTls | undefined }[] = [];
  const stay = (old: ListenerOptions, fresh: ListenerOptions): ListenerOptions => {
    const { limits: oldLimits, tls: oldTls, ...oldRest } = old;
    const { limits, tls, ...rest } = fresh;
    if (!isDeepStrictEqual(oldLimits, limits)) changed.push(`limits of ${nameOf(old)}`);
    const bothTls = oldTls !== undefined && tls !== undefined;
    if (bothTls && !isDeepStrictEqual(oldTls, tls)) changed.push(`certificates of ${nameOf(old)}`);
    if (!bothTls && oldTls !== tls) needsRestart.push(`TLS of ${nameOf(old)} on or off`);
    if (!isDeepStrictEqual(oldRest, rest)) needsRestart.push(`listener ${nameOf(old)}`);
    listeners.push({ name: nameOf(old), limits: limitsOf(limits), tls: bothTls ? tls : undefined });
    return { ...oldRest, ...(limits === undefined ? {} : { limits }), ...withTls(bothTls ? tls : oldTls) };
  };
  const { added, gone, hindered } = comingAndGoing(before, after);
  const merged = after.listeners.flatMap((fresh) => {
    const old = named(before.listeners, fresh);
    if (old !== undefined) return [stay(old, fresh)];
    const why = hindered.get(fresh);
    if (why !== undefined) needsRestart.push(`listener ${nameOf(fresh)} is new: ${why}`);
    return why === undefined ? [fresh] : [];
  });
  changed.push(...added.map(({ options }) => `listener ${nameOf(options)} is new`));
  // Those that are to take their place cannot come yet.
  const kept = hindered.size > 0 ? gone : [];
  needsRestart.push(...kept.map((old) => `listener ${nameOf(old)} is to go`));
  const removed = hindered.size > 0 ? [] : gone.map(nameOf);
  changed.push(...removed.map((name) => `listener ${name} goes`));
  for (const name of ['nodes', 'username', 'password', 'tls', 'session', 'drainTimeoutMs'] as const) {
    if (!isDeepStrictEqual(before[name], after[name])) needsRestart.push(name);
  }
  return { changed, needsRestart, listeners, added, removed, merged: [...merged, ...kept] };
}

interface ComingAndGoing {
  readonly added: readonly Addition[];
  readonly gone: readonly ListenerOptions[];
  /** Listeners that are new but cannot be opened now, and why. */
  readonly hindered: ReadonlyMap<ListenerOptions, string>;
}

function comingAndGoing(before: GatewayOptions, after: GatewayOptions): ComingAndGoing {
  const gone = before.listeners.filter((old) => named(after.listeners, old) === undefined);
  const added: Addition[] = [];
  const hindered = new Map<ListenerOptions, string>();
  for (const options of after.listeners) {
    if (named(before.listeners, options) !== undefined) continue;
    const why = hindrance(options, gone, before);
    if (why !== undefined) hindered.set(options, why);
    else added.push({ options, takesOver: predecessor(options, gone) });
  }
  if (hindered.size === 0) return { added, gone, hindered };
  // Nobody goes then, so no address is handed on either.
  for (const { options, takesOver } of added) {
    if (takesOver !== undefined) hindered.set(options, `${takesOver} has its address until then`);
  }
  return { added: added.filter(({ takesOver }) => takesOver === undefined), gone, hindered };
}

/** Why a listener cannot be opened while the gateway runs; undefined: it can, as far as its settings tell. */
function hindrance(fresh: ListenerOptions, gone: readonly ListenerOptions[], now: GatewayOptions): string | undefined {
  const inItsWay = gone.find((old) => overlap(listenAddress(old.listen), listenAddress(fresh.listen)));
  if (inItsWay !== undefined) return `${nameOf(inItsWay)} has its address until then`;
  try {
    // Nodes, for example, which are new as well.
    checkGatewayOptions({ ...now, listeners: [fresh] });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function predecessor(fresh: ListenerOptions, gone: readonly ListenerOptions[]): string | undefined {
  const address = listenAddress(fresh.listen);
  if (address.kind === 'unix' || address.port === 0) return undefined;
  const former = gone.find((old) => isDeepStrictEqual(listenAddress(old.listen), address));
  return former === undefined ? undefined : nameOf(former);
}

/** The first must be closed before the second can be opened, and its socket is of no use to that. */
function overlap(first: Address, second: Address): boolean {
  if (first.kind === 'unix' || second.kind === 'unix') return isDeepStrictEqual(first, second);
  if (first.port !== second.port || first.port === 0 || first.host === second.host) return false;
  return ANY_HOST.has(first.host) || ANY_HOST.has(second.host);
}

function named(listeners: readonly ListenerOptions[], like: ListenerOptions): ListenerOptions | undefined {
  return listeners.find((listener) => nameOf(listener) === nameOf(like));
}

function withTls(tls: ListenTls | undefined): { tls?: ListenTls } {
  return tls === undefined ? {} : { tls };
}
