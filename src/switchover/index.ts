export { Canary, type CanaryOptions, type CanaryReport, PairGauge } from './canary/index.js';
export {
  type Check,
  type CheckWanted,
  checkPair,
  checks,
  type Finding,
  worstOf,
} from './checks/index.js';
export { type PlannedSwitch, planSwitch } from './plan-switch.js';
export { reportPage, type SwitchStory } from './report/index.js';
export { type ResumeAccess, type ResumeReport, resumeSwitch } from './resume/resume-switch.js';
export { type SentinelOrder, type SentinelReport, sentinelOrders, tellSentinels } from './sentinel/index.js';
export { type NodeSurvey, type PairAccess, type ReachedNode, type Survey, takeSurvey } from './survey/index.js';
export { SwitchError, type SwitchErrorCode } from './switch-error.js';
export type { Boundary, SwitchAccess, SwitchOptions } from './switch-options.js';
export { switchPrimary } from './switch-primary.js';
export type {
  ErrorCounts,
  FenceReport,
  NodeCounts,
  NoticeReport,
  Resync,
  SessionsReport,
  StepName,
  StepReport,
  SwitchMethod,
  SwitchReport,
  TermReport,
  WaitedReport,
} from './switch-report.js';
export {
  type NodeUpgrade,
  previewUpgrade,
  type Restart,
  RestartCommand,
  type RestartRequest,
  type Stage,
  type StageEvent,
  UpgradeError,
  type UpgradeErrorCode,
  type UpgradeOptions,
  type UpgradePlan,
  type UpgradePreview,
  type UpgradeReport,
  upgradePair,
} from './upgrade/index.js';
