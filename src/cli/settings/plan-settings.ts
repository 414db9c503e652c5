import { choice, duration, text } from './setting.js';

/** Which switch is meant: those that look at one and those that make one have these. */
export const planSettings = {
  to: text('<host:port>', 'the replica that is to be primary; needed where there is more than one'),
  method: choice(
    ['manual', 'failover'],
    "how: step by step, or by the server's own FAILOVER, which stalls writes for longer",
    'manual',
  ),
  absence: duration('how long the old primary may be away afterwards and still catch up by itself', '5m'),
} as const;
