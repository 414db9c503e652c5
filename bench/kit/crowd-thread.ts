import { parentPort, workerData } from 'node:worker_threads';
import { serve } from '../../src/lab/threads/thread.js';
import { Crowd, type CrowdOptions, type CrowdReport } from './crowd.js';

export type CrowdService = {
  connect(): Promise<void>;
  begin(): Promise<void>;
  forgetLongest(): Promise<void>;
  report(): Promise<CrowdReport>;
  settle(deadlineMs: number): Promise<CrowdReport>;
  close(): Promise<void>;
};

const crowd = new Crowd(workerData as CrowdOptions);
serve(parentPort!, {
  connect: () => crowd.connect(),
  begin: async () => crowd.begin(),
  forgetLongest: async () => crowd.forgetLongest(),
  report: async () => crowd.report(),
  settle: async (deadlineMs: number) => {
    await crowd.settle(deadlineMs);
    return crowd.report();
  },
  close: async () => crowd.close(),
} satisfies CrowdService);
