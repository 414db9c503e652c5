import type { Command } from 'commander';
import { pino } from 'pino';
import {
  Admin,
  Gateway,
  type GatewayOptions,
  type ListenerOptions,
  listenAddress,
  Metrics,
} from '../../gateway/index.js';
import { formatAddress } from '../../transport/index.js';
import { defineCommand, type Hangup } from '../define-command.js';
import { ExitCode } from '../exit-code.js';
import { limits, listenerOf, listeners } from '../gateway/listener-settings.js';
import { UsageError } from '../report-error.js';
import { type PairReach, pairReach, pairSettings } from '../settings/pair-settings.js';
import { choice, duration, list, mapping, path, secret, text, type Values, yesNo } from '../settings/setting.js';
import { fileKeyOf } from '../settings/setting-names.js';
import type { Terminal } from '../terminal.js';

const settings = {
  ...pairSettings,
  listen: list('<addresses>', 'where clients come in: host:port or unix:/path, several parted by commas'),
  listeners: listeners('listeners with settings of their own (docs/gateway.md)'),
  listenCert: path('certificate for --listen (PEM): clients must use TLS'),
  listenKey: path('its private key (PEM)'),
  listenClientCa: path(
    "authority that clients' certificates are checked against (PEM); without one, none is asked for",
  ),
  limits: limits('limits of every listener (docs/gateway.md)'),
  allow: list('<commands>', 'guarded commands that --listen lets through all the same, such as cluster'),
  loginRequired: yesNo('close clients of --listen that have not logged in when the handshake time is over'),
  proxyProtocol: yesNo('expect a PROXY protocol header (version 2) from every client of --listen'),
  share: yesNo(
    'send what clients of --listen may share over one connection; no: each has a connection of its own',
    true,
  ),
  addressMap: mapping('<a=b,…>', 'where a node that the pair calls a is reached from here'),
  holdTimeout: duration('how long a command may wait while no primary can be reached', '10s'),
  onUncertain: choice(
    ['error', 'retry'],
    'what becomes of a write whose connection is lost before its answer',
    'error',
  ),
  notices: yesNo('take part in planned switches by notice', true),
  drainTimeout: duration('how long clients that are owed something may stay at the end', '30s'),
  busyPoll: yesNo(
    'wait awake for up to 0.2 ms for what comes next while few clients are busy: sooner, for more of its core',
    true,
  ),
  admin: text(
    '<address>',
    'HTTP for operators: a live page, /healthz, /readyz, /metrics, /status on this host:port or unix:/path',
  ),
  adminToken: secret('the token that the page, /metrics and /status ask for; needed unless --admin is on loopback'),
  logLevel: choice(['debug', 'info', 'warn', 'error', 'silent'], 'what is logged (JSON lines on stderr)', 'info'),
} as const;

/** Settings that are no options of the gateway itself. */
const ofProcess = ['admin', 'adminToken', 'logLevel'] as const;

type GatewayValues = Values<typeof settings>;

export function gatewayCommand(): Command {
  return defineCommand({
    name: 'gateway',
    what: 'stand before a pair: any client, any language, is carried from primary to primary',
    settings,
    examples: [
      ['segue gateway --listen 127.0.0.1:6380 --nodes valkey://10.0.0.1:6379', 'one stable address for the pair'],
      ['segue gateway --config gateway.yaml', 'several listeners; SIGHUP reads the file again'],
      [
        'segue gateway --listen unix:/run/segue.sock --nodes 10.0.0.1:6379 --limits connections-max=500,idle-timeout=5m',
        'for clients of this machine, with limits',
      ],
    ],
    exits: [
      [ExitCode.Done, 'it was asked to stop (SIGTERM, Ctrl-C) and has let its clients finish'],
      [ExitCode.Usage, 'a setting cannot be used, or an address is taken'],
      [ExitCode.Interrupted, 'it was asked twice, and stopped at once'],
    ],
    run: serve,
  });
}

async function serve(
  values: GatewayValues,
  { interrupted }: Terminal,
  hangup: Hangup<GatewayValues>,
): Promise<ExitCode> {
  // The logger writes at once: what was said before a crash is the most interesting.
  const log = pino({ level: values.logLevel }, pino.destination({ dest: 2, sync: true }));
  const gateway = new Gateway(gatewayOptions(values), { log });
  const admin = adminOf(values, gateway);
  try {
    await gateway.start();
    if (admin !== undefined) log.info({ address: formatAddress(await admin.start()) }, 'admin endpoint');
    hangup.on(async (read) => {
      try {
        const fresh = read();
        await gateway.reload(gatewayOptions(fresh));
        const needsRestart = ofProcess.filter((name) => fresh[name] !== values[name]).map(fileKeyOf);
        if (needsRestart.length > 0) log.warn({ needsRestart }, 'other settings need a restart');
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'the new configuration is not used');
      }
    });
    await aborted(interrupted);
    log.info({ clients: gateway.listeners.map(({ entrance }) => entrance.clients.size) }, 'stopping');
    const cut = await gateway.drain(values.drainTimeout);
    log.info({ cut }, 'stopped');
    return ExitCode.Done;
  } finally {
    await admin?.stop();
    await gateway.stop();
  }
}

function adminOf({ admin, adminToken: token }: GatewayValues, gateway: Gateway): Admin | undefined {
  if (admin === undefined) return undefined;
  const options = { address: listenAddress(admin), ...(token === undefined ? {} : { token }) };
  return new Admin(options, gateway, new Metrics(gateway));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** @throws UsageError */
function gatewayOptions(values: GatewayValues): GatewayOptions {
  const { holdTimeout, onUncertain, notices, addressMap, drainTimeout, busyPoll } = values;
  const all = listenersOf(values);
  const { timeoutMs, nodes, ...access } = reachOf(values, all);
  return {
    ...access,
    ...(values.nodes.length === 0 ? {} : { nodes }),
    listeners: all,
    session: {
      holdTimeoutMs: holdTimeout,
      onUncertain,
      notices,
      nodeTimeoutMs: timeoutMs,
      ...(addressMap === undefined ? {} : { addressMap }),
    },
    drainTimeoutMs: drainTimeout,
    busyPoll,
  };
}

function listenersOf(values: GatewayValues): ListenerOptions[] {
  const { listen, listeners: entries, limits: common, allow, loginRequired, proxyProtocol, share } = values;
  const { listenCert: cert, listenKey: key, listenClientCa: clientCa } = values;
  const simple = listen.map((address) => ({
    listen: address,
    cert,
    key,
    'client-ca': clientCa,
    allow,
    'login-required': loginRequired,
    'proxy-protocol': proxyProtocol,
    share,
  }));
  const all = [...simple, ...entries];
  if (all.length > 0) return all.map((entry) => listenerOf(entry, common));
  throw new UsageError('where to listen? --listen 127.0.0.1:6380, or "listeners:" in a --config file');
}

/** Who only stands before single nodes needs no pair, but the same user and TLS. */
function reachOf(values: GatewayValues, all: readonly ListenerOptions[]): PairReach {
  const single = all.flatMap((listener) => (listener.kind === 'node' ? [listener.node] : []));
  const alone = single.length === all.length && values.nodes.length === 0;
  return pairReach(alone ? { ...values, nodes: single } : values);
}
