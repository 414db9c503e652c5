import { parentPort, workerData } from 'node:worker_threads';
import type { Verdict } from '../../src/lab/load/index.js';
import type { EpochSpan } from '../../src/lab/threads/switcher.js';
import { serve } from '../../src/lab/threads/thread.js';
import { pinThread } from './pin.js';
import type { Endpoint } from './raw-client.js';
import { Traffic, type TrafficOptions } from './traffic.js';

export type TrafficService = {
  /** Resolves with whether the thread is on this core from now on. */
  pin(core: number): Promise<boolean>;
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
  pin: async (core: number) => pinThread(core),
  resume: () => traffic.resume(),
  pause: () => traffic.pause(),
  open: () => traffic.open(),
  close: (span: EpochSpan) => traffic.close(span),
  counts: () => traffic.counts(),
  settle: (node: Endpoint) => traffic.settle(node),
  end: () => traffic.end(),
} satisfies TrafficService);
