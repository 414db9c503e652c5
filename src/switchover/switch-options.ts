import type { ConnectionOptions } from 'node:tls';
import { parseNodeUrl } from '../transport/index.js';
import type { StepReport } from './switch-report.js';

export interface SwitchOptions {
  /** URL of the primary. */
  from: string;
  /** URL of the replica that becomes primary. Its host and port are given to the other nodes as their new primary. */
  to: string;
  /** URLs of further replicas of `from`, to follow `to` afterwards. */
  others?: readonly string[];
  /** For nodes whose URL has no user information. */
  username?: string;
  password?: string;
  /** For nodes whose URL asks for TLS. */
  tls?: ConnectionOptions;
  /** For connecting, and for the answer to one command. Default 2000. */
  nodeTimeoutMs?: number;
  /** How long the replica may take to have all that the paused primary has. Default 1000. */
  catchUpTimeoutMs?: number;
  /** Limit of the pause, after which the primary opens by itself if we should be gone. Default 5000. */
  pauseTimeoutMs?: number;
  /** How long to go on trying what must still be done once the replica may have been promoted. Default 30 000. */
  finishTimeoutMs?: number;
  /** How long the old primary, and each other replica, may take to follow the new one. Default 15 000. */
  proofTimeoutMs?: number;
  /** Told of each step as it ends. Must not throw. */
  onStep?: (step: StepReport) => void;
}

export interface SwitchLimits {
  readonly nodeTimeoutMs: number;
  readonly catchUpTimeoutMs: number;
  readonly pauseTimeoutMs: number;
  readonly finishTimeoutMs: number;
  readonly proofTimeoutMs: number;
}

export function limitsOf(options: SwitchOptions): SwitchLimits {
  const { nodeTimeoutMs = 2_000, catchUpTimeoutMs = 1_000, pauseTimeoutMs = 5_000 } = options;
  const { finishTimeoutMs = 30_000, proofTimeoutMs = 15_000 } = options;
  return { nodeTimeoutMs, catchUpTimeoutMs, pauseTimeoutMs, finishTimeoutMs, proofTimeoutMs };
}

/** Throws OptionError for a URL that cannot be used, TypeError for one without host and port. */
export function endpointOf(url: string): { host: string; port: number } {
  const { address } = parseNodeUrl(url);
  if (address.kind === 'unix') throw new TypeError('a switch needs host and port of every node, not a unix socket');
  return { host: address.host, port: address.port };
}
