import { SESSION_DEFAULTS, type SessionOptions } from '../session/index.js';
import { NOTICE_BOUNDS, type TopologyOptions } from '../topology/index.js';
import { OptionError, parseNodeUrl } from '../transport/index.js';
import { nearestName } from '../transport/nearest-name.js';
import {
  NOTICE_HOLD_MAX_MS,
  type NoticeOptions,
  REPLICA_LAG_MAX_MS,
  type ReadOptions,
  type SegueEvent,
} from './pair.js';

/** What a door may be told. All have defaults; docs/options.md lists them. */
export interface SegueOptions extends Partial<SessionOptions> {
  /** URLs of nodes of the pair, instead of the client's own host and port. One is enough: it names the others. */
  nodes?: readonly string[];
  /** Where a node that the pair calls `host:port` is reached from here: NAT, containers, TLS ports. */
  addressMap?: Record<string, string> | ((address: string) => string);
  /** How often each node is asked for its role while all is well. */
  probeIntervalMs?: number;
  /** How often while no primary is known. */
  seekIntervalMs?: number;
  /** How long to wait for a connection to a node. */
  nodeTimeoutMs?: number;
  /** Connections being opened at a time, of all clients of a pair in this process. */
  dialsMax?: number;
  /** Take part in planned switches: prepare, hold and go on when an operator says so. */
  notices?: boolean;
  /** How long an operator may make commands wait. */
  noticeHoldMaxMs?: number;
  /** How much a replica may be behind to be read from by connections that ran READONLY. */
  replicaLagMaxMs?: number;
  /** Is told of all that happens to its sessions and their pair: docs/events.md. */
  onEvent?: (event: SegueEvent) => void;
}

interface NumberOption {
  readonly kind: 'number';
  readonly unit: 'ms' | 'bytes' | 'commands' | 'connections' | 'times';
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly what: string;
}

interface OtherOption {
  readonly kind: 'urls' | 'map' | 'choice' | 'switch' | 'function';
  readonly byDefault: string;
  readonly choices?: readonly string[];
  readonly what: string;
}

const HOUR_MS = 3_600_000;
export const DIALS_MAX = 64;
const PROBE_INTERVAL_MS = 1_000;
/** A replica in step is seen to be as fresh as the probe before the last. */
const PROBES_PER_LAG = 3;
const GIB = 1024 ** 3;

function number(unit: NumberOption['unit'], byDefault: number, min: number, max: number, what: string): NumberOption {
  return { kind: 'number', unit, byDefault, min, max, what };
}

/** The one list of options: it checks them, and docs/options.md is compared with it. */
export const OPTIONS: Readonly<Record<keyof SegueOptions, NumberOption | OtherOption>> = {
  nodes: {
    kind: 'urls',
    byDefault: "the client's host and port, or path",
    what: 'URLs of nodes of the pair: `redis://`, `rediss://`, `valkey://`, `valkeys://` or `unix:`. One is enough, it names the others; with all of them a client also starts when one is down, and knows where to go when a switch comes before the primary has listed its replica (a node that nobody vouches for is not followed: `untrusted`).',
  },
  addressMap: {
    kind: 'map',
    byDefault: 'none',
    what: 'Where a node that the pair calls `host:port` is reached from here (NAT, containers, TLS ports): an object, or a function of the address.',
  },
  holdTimeoutMs: number(
    'ms',
    SESSION_DEFAULTS.holdTimeoutMs,
    0,
    HOUR_MS,
    'How long a command may wait while no primary can be reached. Then it is answered `HOLDTIMEOUT`.',
  ),
  replayBytesMax: number(
    'bytes',
    SESSION_DEFAULTS.replayBytesMax,
    1024,
    64 * GIB,
    'Bytes of commands kept until they are answered, per connection. A command past it is answered `HOLDLIMIT`; a single larger one is admitted.',
  ),
  replayCommandsMax: number(
    'commands',
    SESSION_DEFAULTS.replayCommandsMax,
    1,
    100_000_000,
    'Commands without an answer, per connection. A command past it is answered `HOLDLIMIT`.',
  ),
  commandBytesMax: number(
    'bytes',
    SESSION_DEFAULTS.commandBytesMax,
    1024,
    64 * GIB,
    'The longest command. A longer one is answered with a protocol error, and the connection ends.',
  ),
  replyBytesMax: number(
    'bytes',
    SESSION_DEFAULTS.replyBytesMax,
    1024,
    64 * GIB,
    'A reply up to this size reaches the client whole or not at all; a larger one is passed on as it comes, and a connection lost in its middle ends the session.',
  ),
  drainTimeoutMs: number(
    'ms',
    SESSION_DEFAULTS.drainTimeoutMs,
    1,
    HOUR_MS,
    'How long answers are awaited from a node that is being left.',
  ),
  joinTimeoutMs: number(
    'ms',
    SESSION_DEFAULTS.joinTimeoutMs,
    1,
    HOUR_MS,
    'From dialling a node until the session is restored there; the wait for its turn to be dialled (`dialsMax`) does not count.',
  ),
  redirectsMax: number(
    'times',
    SESSION_DEFAULTS.redirectsMax,
    1,
    10_000,
    'How often one command may be refused by nodes that are not primary. Then it is answered `REDIRECTLOOP`.',
  ),
  handoverTimeoutMs: number(
    'ms',
    SESSION_DEFAULTS.handoverTimeoutMs,
    0,
    HOUR_MS,
    'How long the messages of two nodes are compared when subscriptions move from one to the other. Then they are simply made anew, and messages may be missed: event `resubscribed`.',
  ),
  handoverBytesMax: number(
    'bytes',
    SESSION_DEFAULTS.handoverBytesMax,
    0,
    64 * GIB,
    'Messages that one of the two nodes has brought and the other not, per connection. Past it, the same.',
  ),
  onUncertain: {
    kind: 'choice',
    byDefault: SESSION_DEFAULTS.onUncertain,
    choices: ['error', 'retry'],
    what: 'What becomes of a write that was sent and not answered when its connection is lost: `error` answers `UNCERTAIN`; `retry` runs it again, at the risk of twice.',
  },
  probeIntervalMs: number(
    'ms',
    PROBE_INTERVAL_MS,
    10,
    HOUR_MS,
    'How often each node is asked for its role while all is well.',
  ),
  seekIntervalMs: number('ms', 20, 1, HOUR_MS, 'How often while no primary is known.'),
  nodeTimeoutMs: number('ms', 2_000, 1, HOUR_MS, 'How long to wait for a connection to a node.'),
  dialsMax: number(
    'connections',
    DIALS_MAX,
    1,
    100_000,
    'Connections being opened at a time, of all clients of a pair in this process: thousands that move at once do not flood a node.',
  ),
  notices: {
    kind: 'switch',
    byDefault: 'true',
    what: 'Whether to take part in planned switches: connect ahead, hold and go on when an operator says so on the channel `segue:notice`. `false`: nobody subscribes, and a switch is noticed by what nodes answer.',
  },
  noticeHoldMaxMs: number(
    'ms',
    NOTICE_HOLD_MAX_MS,
    0,
    NOTICE_BOUNDS.holdMs,
    'How long commands hold for a notice at most, whatever it asks for. Then they go on where they were.',
  ),
  replicaLagMaxMs: number(
    'ms',
    REPLICA_LAG_MAX_MS,
    0,
    24 * HOUR_MS,
    'How much a replica may be behind its primary to be read from by connections that ran `READONLY`; at least three times `probeIntervalMs`, since nobody knows more often. 0: they read from the primary, too.',
  ),
  onEvent: {
    kind: 'function',
    byDefault: 'none',
    what: 'Is told of all that happens to its sessions and their pair ([events.md](events.md)). Channels of `node:diagnostics_channel` tell the same of all sessions of the process.',
  },
};

/** Throws OptionError for a name that is no option, or a value out of its bounds. */
export function checkOptions(options: SegueOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) {
      const meant = nearestName(name, Object.keys(OPTIONS));
      const hint = meant === undefined ? `there are ${Object.keys(OPTIONS).join(', ')}` : `did you mean "${meant}"?`;
      throw new OptionError('SEGUE_OPTION_UNKNOWN', `there is no option "${name}"; ${hint}`);
    }
    if (value !== undefined) checkValue(name, value, OPTIONS[name as keyof SegueOptions]);
  }
  checkLag(options);
}

function checkLag(options: SegueOptions): void {
  const fault = lagFault(options);
  if (fault !== undefined) throw new OptionError('SEGUE_OPTION_VALUE', `option "replicaLagMaxMs": ${fault}`);
}

/** Between two probes nobody knows how far a replica has come. Undefined: the bound on its lag can be kept. */
export function lagFault({
  replicaLagMaxMs = 0,
  probeIntervalMs = PROBE_INTERVAL_MS,
}: SegueOptions): string | undefined {
  if (replicaLagMaxMs === 0 || replicaLagMaxMs >= PROBES_PER_LAG * probeIntervalMs) return undefined;
  return `${replicaLagMaxMs} ms is less than ${PROBES_PER_LAG} times probeIntervalMs (${probeIntervalMs}), and lag is known only as often as nodes are asked`;
}

function checkValue(name: string, value: unknown, option: NumberOption | OtherOption): void {
  switch (option.kind) {
    case 'number': {
      const { min, max, unit } = option;
      if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return;
      throw refused(name, `a number of ${unit} from ${min} to ${max}`);
    }
    case 'choice':
      if (option.choices!.includes(value as string)) return;
      throw refused(name, `one of ${option.choices!.map((choice) => `"${choice}"`).join(', ')}`);
    case 'switch':
      if (typeof value === 'boolean') return;
      throw refused(name, 'true or false');
    case 'function':
      if (typeof value === 'function') return;
      throw refused(name, 'a function');
    case 'map':
      if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return;
      throw refused(name, 'an object or a function');
    case 'urls':
      if (!Array.isArray(value) || value.length === 0) throw refused(name, 'a list of at least one URL');
      for (const url of value) parseNodeUrl(String(url));
  }
}

function refused(name: string, wanted: string): OptionError {
  return new OptionError('SEGUE_OPTION_VALUE', `option "${name}" must be ${wanted}`);
}

/** The session's part of the options. */
export function sessionOptions(options: SegueOptions): Partial<SessionOptions> {
  const entries = Object.keys(SESSION_DEFAULTS).map((name) => [name, options[name as keyof SessionOptions]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The topology's part, apart from the nodes and who asks them. */
export function topologyBounds(options: SegueOptions): Omit<TopologyOptions, 'nodes'> {
  const { addressMap, probeIntervalMs, seekIntervalMs, nodeTimeoutMs, onEvent } = options;
  return {
    ...(addressMap === undefined ? {} : { addressMap }),
    ...(probeIntervalMs === undefined ? {} : { probeIntervalMs }),
    ...(seekIntervalMs === undefined ? {} : { seekIntervalMs }),
    ...(nodeTimeoutMs === undefined ? {} : { connectTimeoutMs: nodeTimeoutMs }),
    ...(onEvent === undefined ? {} : { onEvent }),
  };
}

/** The readers' part. */
export function readOptions({
  replicaLagMaxMs,
  probeIntervalMs = PROBE_INTERVAL_MS,
}: SegueOptions): Required<ReadOptions> {
  return { replicaLagMaxMs: replicaLagMaxMs ?? Math.max(REPLICA_LAG_MAX_MS, PROBES_PER_LAG * probeIntervalMs) };
}

/** The hold party's part. */
export function noticeOptions(options: SegueOptions): NoticeOptions {
  const { notices, noticeHoldMaxMs, onEvent } = options;
  return {
    ...(notices === undefined ? {} : { notices }),
    ...(noticeHoldMaxMs === undefined ? {} : { noticeHoldMaxMs }),
    ...(onEvent === undefined ? {} : { onEvent }),
  };
}
