export { type Restart, RestartCommand, type RestartRequest } from './restart-command.js';
export { type Stage, type StageEvent, stageName, type UpgradePlan, type UpgradePreview } from './stage.js';
export { UpgradeError, type UpgradeErrorCode } from './upgrade-error.js';
export type { UpgradeOptions } from './upgrade-options.js';
export { previewUpgrade, upgradePair } from './upgrade-pair.js';
export type { NodeUpgrade, UpgradeReport } from './upgrade-report.js';
