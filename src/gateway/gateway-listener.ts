import type { SessionEvent } from '../session/index.js';
import type { Clock } from '../transport/index.js';
import { Entrance } from './entrance.js';
import { type GatewayOptions, type ListenerOptions, limitsOf, listenAddress, nameOf } from './gateway-options.js';
import { makeKind } from './kinds.js';
import { type Log, traceOf } from './log.js';
import { Tally } from './tally.js';
import type { Vigil } from './vigil.js';

/** One listener with all that is known of it. */
export interface GatewayListener {
  readonly name: string;
  readonly kind: string;
  readonly entrance: Entrance;
  readonly tally: Tally;
}

/** What a listener needs of the gateway. It is told what happens in the middle of the work. */
export interface ListenerHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly vigil: Vigil;
  onSession(listener: string, event: SessionEvent): void;
  /** Of some commands: ms from their arrival until their answer left. */
  onAnswered(listener: string, ms: number): void;
}

/** They do not listen yet. All of them, or none is left behind. @throws OptionError */
export function makeListeners(
  all: readonly ListenerOptions[],
  gateway: GatewayOptions,
  host: ListenerHost,
): GatewayListener[] {
  const made: GatewayListener[] = [];
  try {
    for (const options of all) made.push(makeListener(options, gateway, host));
    return made;
  } catch (error) {
    for (const { entrance } of made) void entrance.close();
    throw error;
  }
}

function makeListener(options: ListenerOptions, gateway: GatewayOptions, host: ListenerHost): GatewayListener {
  const { kind = 'follow', listen, tls, unixMode, proxyProtocol = false } = options;
  const { log, clock, vigil } = host;
  const name = nameOf(options);
  const tally = new Tally();
  const made = makeKind(options, gateway, {
    limits: () => entrance.limits,
    refused: (command) => {
      entrance.counts.addRefused(command);
      log.warn({ listener: name, command }, 'a guarded command was refused');
    },
    onSession: (event) => {
      tally.take(event);
      host.onSession(name, event);
    },
  });
  const entrance: Entrance = new Entrance(made, {
    name,
    address: listenAddress(listen),
    limits: limitsOf(options.limits),
    listen: {
      proxyProtocol,
      ...(tls === undefined ? {} : { tls }),
      ...(unixMode === undefined ? {} : { unixMode }),
    },
    clock,
    vigil,
    // Clients that leave by themselves are no news.
    onParted: ({ id, remote }, reason) => {
      if (reason !== undefined) log.warn({ listener: name, client: id, remote, reason }, 'a client was closed');
    },
    onFault: ({ id }, error) => {
      log.error({ listener: name, client: id, fault: traceOf(error) }, 'a fault of the gateway ended a session');
    },
    onAnswered: (ms) => host.onAnswered(name, ms),
  });
  return { name, kind, entrance, tally };
}
