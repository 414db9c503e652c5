import { parentPort, workerData } from 'node:worker_threads';
import type { Verdict } from '../../src/lab/load/index.js';
import type { EpochSpan } from '../../src/lab/threads/switcher.js';
import { serve } from '../../src/lab/threads/thread.js';
import type { Endpoint } from './raw-client.js';
import { Traffic, type TrafficOptions } from './traffic.js';

export type TrafficService = {
  resume(): Promise<void>;
  pause(): Promise<void>;
  open(): Promise<void>;
  close(span: EpochSpan): Promise<number>;
  counts(): Promise<{ readonly writes: number; readonly errors: number; readonly examples: readonly string[] }>;
  settle(node: Endpoint): Promise<Verdict>;
  end(): Promise<void>;
};

const traffic = new Traffic(workerData as TrafficOptions);
serve(parentPort!, {
  resume: () => traffic.resume(),
  pause: () => traffic.pause(),
  open: () => traffic.open(),
  close: (span: EpochSpan) => traffic.close(span),
  counts: () => traffic.counts(),
  settle: (node: Endpoint) => traffic.settle(node),
  end: () => traffic.end(),
} satisfies TrafficService);
