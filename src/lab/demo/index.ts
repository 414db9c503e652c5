export type { DemoResult, NodeResult, SideResult } from './demo-result.js';
export { Demo, type DemoListener, type DemoOptions, type DemoStep, type DemoStepName } from './run-demo.js';
export type { SideProgress } from './side.js';
