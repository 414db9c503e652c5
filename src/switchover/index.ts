export { SwitchError, type SwitchErrorCode } from './switch-error.js';
export type { SwitchOptions } from './switch-options.js';
export { switchPrimary } from './switch-primary.js';
export type { Resync, StepName, StepReport, SwitchReport } from './switch-report.js';
