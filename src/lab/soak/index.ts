export { type GapReport, runSoak, type SoakOptions, type SoakReport } from './soak-run.js';
