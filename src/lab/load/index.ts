export { type ClientLibrary, type ClientSpec, clientLibraries, isClientLibrary, openClient } from './clients.js';
export { type JobVerdict, jobsAreClean } from './job-ledger.js';
export { JobLoad, type JobLoadOptions } from './job-load.js';
export type { LoadClient, LoadReader } from './load-client.js';
export { type LoadOptions, LoadRun, type WorkloadName, workloadNames } from './load-run.js';
export { type GapWindow, type LatencyReport, Meter, type MeterReport, type Span } from './meter.js';
export { type Finding, findings, isClean, mergeVerdicts, newVerdict, type Verdict, wrongAnswers } from './verdict.js';
