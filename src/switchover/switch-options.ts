import type { ConnectionOptions } from 'node:tls';
import { parseNodeUrl } from '../transport/index.js';
import type { SentinelOrder } from './sentinel/index.js';
import type { StepName, StepReport, SwitchMethod } from './switch-report.js';

/** How to log in at the nodes; what is the same for a switch and its resumption. */
export interface SwitchAccess {
  /** For nodes whose URL has no user information. */
  username?: string;
  password?: string;
  /** For nodes whose URL asks for TLS. */
  tls?: ConnectionOptions;
  /** URLs of Sentinels that want a login, or do not show themselves at the primary. */
  sentinelUrls?: readonly string[];
  /** For connecting, and for the answer to one command. Default 2000. */
  nodeTimeoutMs?: number;
  /** How long to go on trying what must still be done once the replica may have been promoted. Default 30 000. */
  finishTimeoutMs?: number;
  /** How long the old primary, and each other replica, may take to follow the new one. Default 15 000. */
  proofTimeoutMs?: number;
  /** Told of each step as it ends. Must not throw. */
  onStep?: (step: StepReport) => void;
  /**
   * For rehearsals: called, and waited for, before and after each step, in the window in which clients wait, too. What it
   * throws ends the switch then and there, as the end of the process would: nothing is undone.
   */
  onBoundary?: (boundary: Boundary) => void | Promise<void>;
}

export interface SwitchOptions extends SwitchAccess {
  /** URL of the primary. */
  from: string;
  /** URL of the replica that becomes primary. */
  to: string;
  /** What the other nodes are to call it, as `host:port`, where that differs from its URL: NAT, containers. */
  toKnownAs?: string;
  /** URLs of further replicas of `from`, to follow `to` afterwards. */
  others?: readonly string[];
  /**
   * `manual` (the default) compares offsets itself and takes about a millisecond; `failover` gives the server's own
   * FAILOVER, which waits for the replica's next acknowledgement: up to a second in which no write is taken.
   */
  method?: SwitchMethod;
  /** How long the replica may take to have all that the paused primary has. Default 1000. */
  catchUpTimeoutMs?: number;
  /**
   * Limit of the pause, after which the primary takes writes again by itself, unless it is fenced. Default 12 000; with
   * less than 11 000 the fence does without its witness, and clients may see NOREPLICAS for a moment.
   */
  pauseTimeoutMs?: number;
  /** Whether Segue's sessions are told ahead, so that none meets a demoted node. Default true. */
  notice?: boolean;
  /**
   * Whether Sentinels that watch the pair are told of the new primary; or what they are to be told, by whoever has looked.
   * Default true.
   */
  sentinels?: boolean | readonly SentinelOrder[];
  /**
   * How long to wait for the answers to a notice, 30 000 at the most. Default 1000, or less where the pause is short. It must
   * leave time for the rest: once fenced, a replica can be promoted for `pauseTimeoutMs` less 5500 ms (or less its half, where
   * that is shorter), and not later, and of this `catchUpTimeoutMs` (or half of it) is for catching up. A longer one is refused.
   */
  noticeTimeoutMs?: number;
  /** File for the journal, which resumeSwitch reads. Without it a switch that is broken off cannot be resumed. */
  journalPath?: string;
  /** Gives the switch up: before the promotion everything is undone, after it the switch is finished all the same. */
  signal?: AbortSignal;
}

/** A place between two steps. */
export interface Boundary {
  readonly step: StepName;
  readonly side: 'before' | 'after';
}

/** Throws OptionError for a URL that cannot be used, TypeError for one without host and port. */
export function endpointOf(url: string): { host: string; port: number } {
  const { address } = parseNodeUrl(url);
  if (address.kind === 'unix') throw new TypeError('a switch needs host and port of every node, not a unix socket');
  return { host: address.host, port: address.port };
}
