import { parentPort, workerData } from 'node:worker_threads';
import { serve } from '../threads/thread.js';
import { type Node, Side, type SideOptions, type SideProgress, type SideReport, type SideVerdict } from './side.js';

export type SideService = {
  warm(): Promise<void>;
  progress(): Promise<SideProgress>;
  stop(drainMs: number): Promise<SideReport>;
  verify(node: Node): Promise<SideVerdict>;
  close(): Promise<void>;
};

if (parentPort !== null) {
  const side = new Side(workerData as SideOptions);
  serve(parentPort, {
    warm: async () => side.warm(),
    progress: async () => side.progress(),
    stop: (drainMs: number) => side.stop(drainMs),
    verify: (node: Node) => side.verify(node),
    close: () => side.close(),
  } satisfies SideService);
}
