export { Canary, type CanaryOptions, type CanaryReport, canaryClientName } from './canary.js';
export type { LatencyBuckets, LatencySummary } from './latency-track.js';
export { type NodeTrack, PairGauge } from './pair-gauge.js';
export type { SequenceVerdict } from './sequence.js';
