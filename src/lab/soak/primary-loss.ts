import {
  type ClientLibrary,
  LoadRun,
  type MeterReport,
  openClient,
  type Verdict,
  type WorkloadName,
} from '../load/index.js';
import type { LabPair } from '../servers/index.js';
import { waitFor } from '../wait-for.js';

export interface PrimaryLossReport {
  /** Every command got its answer. */
  readonly settled: boolean;
  /** What the clients were promised, against what the new primary has: nothing may be wrong but `forgiven`. */
  readonly verdict: Verdict;
  /** Acknowledged by the dead primary and not replicated: asynchronous replication may lose them, Segue cannot. */
  readonly forgiven: number;
  readonly meter: MeterReport;
  /** Commands that can have been on the wire when the primary died. */
  readonly inFlightMax: number;
}

/** Workloads that only add, with the writes that each has on the wire at most. */
const inFlight: Partial<Record<WorkloadName, number>> = { single: 2, burst: 50, pipeline: 90, multi: 1, script: 1 };
const deadlineMs = 20_000;
const enoughWrites = 3_000;

/**
 * kill -9 of the primary under load; then its replica is promoted.
 *
 * Some acknowledged writes may not have reached the replica. How many is known exactly: between the death and the
 * promotion nobody can write, so what the replica has then is what survives. From there on the account is as strict as ever:
 * what survived, and what was acknowledged later, must be there once and in order; what did not survive must not come back.
 */
export async function primaryLoss(pair: LabPair, library: ClientLibrary, seed: number): Promise<PrimaryLossReport> {
  const { primary, replica } = pair;
  let isHeld = false;
  const onEvent = ({ type }: { type: string }): void => {
    if (type === 'hold') isHeld = true;
  };
  const client = openClient({
    library,
    host: primary.host,
    port: primary.port,
    segue: true,
    segueOptions: { onEvent },
  });
  const reader = openClient({ library, host: replica.host, port: replica.port, segue: false });
  const load = new LoadRun(client, { keyPrefix: 'loss', seed, workloads: Object.keys(inFlight) as WorkloadName[] });
  const wrote = (count: number): Promise<unknown> =>
    waitFor(() => load.meter.report().writes >= count, { deadlineMs, what: `${count} writes` });
  try {
    await wrote(enoughWrites);
    primary.kill('SIGKILL');
    await primary.exited;
    // The session has read the end of its connection, so it has read every answer before it, too.
    await waitFor(() => isHeld, { deadlineMs, what: 'the session to notice' });
    const forgiven = await load.survive(reader);
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await wrote(load.meter.report().writes + enoughWrites);
    const settled = await load.stop(deadlineMs);
    const inFlightMax = Object.values(inFlight).reduce((sum, count) => sum + count, 0);
    return { settled, verdict: await load.verify(reader), forgiven, meter: load.meter.report(), inFlightMax };
  } finally {
    await load.close();
    client.disconnect();
    reader.disconnect();
  }
}
