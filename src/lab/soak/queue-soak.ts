import { type ClientLibrary, JobLoad, type JobVerdict, type MeterReport, openClient } from '../load/index.js';
import { type LabPair, waitForSync } from '../servers/index.js';
import { Switcher } from '../threads/switcher.js';
import { waitFor } from '../wait-for.js';

export interface QueueSoakReport {
  /** What became of the jobs: by the new primary's data, and by its replica's. */
  readonly verdict: JobVerdict;
  readonly replicaVerdict: JobVerdict;
  readonly meter: MeterReport;
}

const jobsBetween = 20;
const deadlineMs = 30_000;

/** A BullMQ queue with workers and flows through Segue, across `switches` switches back and forth, some jobs between each two. */
export async function queueSoak(pair: LabPair, library: ClientLibrary, switches: number): Promise<QueueSoakReport> {
  const nodes = [pair.primary, pair.replica];
  const spec = { library, host: nodes[0]!.host, port: nodes[0]!.port, segue: true };
  const jobs = new JobLoad({
    queue: `${library}-jobs`,
    connect: () => openClient({ ...spec, options: { maxRetriesPerRequest: null } }),
    paceMs: 2,
  });
  const switcher = new Switcher();
  try {
    for (let done = 0; done < switches; done += 1) {
      const next = jobs.progress.done + jobsBetween;
      await waitFor(() => jobs.progress.done >= next, { deadlineMs, what: `job ${next}, after ${done} switches` });
      await switcher.switch({ from: `valkey://${nodes[0]!.address}`, to: `valkey://${nodes[1]!.address}` });
      nodes.reverse();
    }
    await jobs.stop(deadlineMs);
    await waitForSync(nodes[0]!, [nodes[1]!]);
    const verdicts: JobVerdict[] = [];
    for (const { host, port } of nodes) {
      const reader = openClient({ library, host, port, segue: false });
      verdicts.push(await jobs.verify(reader));
      reader.disconnect();
    }
    return { verdict: verdicts[0]!, replicaVerdict: verdicts[1]!, meter: jobs.meter.report() };
  } finally {
    jobs.close();
    await switcher.close();
  }
}
