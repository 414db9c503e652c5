import { NOTICE_BOUNDS } from '../topology/index.js';
import { OptionError } from '../transport/index.js';
import { FENCE_ARMS_WITHIN_MS } from './fence.js';
import type { SwitchOptions } from './switch-options.js';

export interface SwitchLimits {
  readonly nodeTimeoutMs: number;
  readonly catchUpTimeoutMs: number;
  readonly pauseTimeoutMs: number;
  readonly noticeTimeoutMs: number;
  readonly finishTimeoutMs: number;
  readonly proofTimeoutMs: number;
}

/** @throws OptionError when there is more to wait for than there is time */
export function limitsOf(options: Omit<SwitchOptions, 'from' | 'to'>): SwitchLimits {
  const { nodeTimeoutMs = 2_000, catchUpTimeoutMs = 1_000, pauseTimeoutMs = 12_000 } = options;
  const { finishTimeoutMs = 30_000, proofTimeoutMs = 15_000 } = options;
  const noticeTimeoutMs = noticeTimeoutOf(options, pauseTimeoutMs, catchUpTimeoutMs);
  return { nodeTimeoutMs, catchUpTimeoutMs, pauseTimeoutMs, noticeTimeoutMs, finishTimeoutMs, proofTimeoutMs };
}

/** The pause must last this much longer, at the least, when the promotion is ordered. */
export function reserveMsOf(pauseTimeoutMs: number): number {
  return Math.min(FENCE_ARMS_WITHIN_MS, pauseTimeoutMs / 2);
}

/** Processes may use all of the time that is given them: the promotion must not come too late even then. */
function noticeTimeoutOf(
  { noticeTimeoutMs, notice = true, method = 'manual' }: Omit<SwitchOptions, 'from' | 'to'>,
  pauseTimeoutMs: number,
  catchUpTimeoutMs: number,
): number {
  const validMs = pauseTimeoutMs - reserveMsOf(pauseTimeoutMs);
  const inTimeMs = method === 'failover' ? Number.POSITIVE_INFINITY : validMs - Math.min(catchUpTimeoutMs, validMs / 2);
  const longestMs = Math.min(inTimeMs, NOTICE_BOUNDS.holdMs / 2);
  if (noticeTimeoutMs === undefined) return Math.min(1_000, Math.ceil(longestMs));
  if (!notice || (noticeTimeoutMs > 0 && noticeTimeoutMs <= longestMs)) return noticeTimeoutMs;
  const given = `noticeTimeoutMs: ${noticeTimeoutMs} must be more than 0 and ${Math.floor(longestMs)} at the most`;
  const why =
    longestMs < inTimeMs
      ? 'no process holds for more than twice that'
      : `with a pauseTimeoutMs of ${pauseTimeoutMs} the promotion would come too late; give it less, or the pause more`;
  throw new OptionError('SEGUE_OPTION_VALUE', `${given}: ${why}`);
}
