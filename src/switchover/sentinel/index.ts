export type { LostSentinel, ReachedSentinel, SentinelSurvey, SentinelWatch } from './sentinel-survey.js';
export {
  reversed,
  type SentinelOrder,
  type SentinelOutcome,
  type SentinelReport,
  sentinelOrders,
  tellSentinels,
} from './tell-sentinels.js';
