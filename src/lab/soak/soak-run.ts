import {
  type ClientLibrary,
  type Finding,
  findings,
  type GapWindow,
  isClean,
  type LoadClient,
  LoadRun,
  type MeterReport,
  mergeVerdicts,
  openClient,
  type Verdict,
  workloadNames,
} from '../load/index.js';
import { delay } from '../load/workload.js';
import { type LabServer, type ServerVersion, startPair } from '../servers/index.js';
import { Switcher } from '../threads/switcher.js';

export interface SoakOptions {
  readonly version: ServerVersion;
  readonly switches: number;
  readonly libraries: readonly ClientLibrary[];
  /** Decides sizes and contents of the load. */
  readonly seed: number;
  /** Rest of each workload between two steps; single commands go on without, they are the clock for the gaps. */
  readonly paceMs: number;
  /** Between two switches. */
  readonly restMs: number;
  readonly onProgress?: (done: number) => void;
}

/** In milliseconds; of the longest times between two successful writes, one for each switch and library. */
export interface GapReport {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

export interface SoakReport {
  readonly version: ServerVersion;
  readonly switches: number;
  readonly seed: number;
  readonly writes: number;
  readonly errors: number;
  readonly errorsByKind: Record<string, number>;
  readonly findings: Record<Finding, number>;
  readonly notes: readonly string[];
  readonly gapMs: GapReport;
  /** From the order to pause writes until the new primary took them. */
  readonly unwritableMs: GapReport;
  readonly fullResyncs: number;
  /** Nothing but zeros where zeros are promised. */
  readonly clean: boolean;
}

interface Side {
  readonly library: ClientLibrary;
  readonly client: LoadClient;
  readonly load: LoadRun;
}

const PATIENCE_MS = 10_000;
const WARM_UP_MS = 1_000;

/**
 * Switches a pair back and forth under the whole load of all libraries, each through Segue, and compares every promise with
 * the data in the end. The first switch is made when the load has been running for a second.
 */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const pair = await startPair({ version: options.version });
  const switcher = new Switcher();
  const sides = options.libraries.map((library, index) => startSide(pair.primary, library, options, index));
  const nodes: [LabServer, LabServer] = [pair.primary, pair.replica];
  const gaps: number[] = [];
  const unwritable: number[] = [];
  let fullResyncs = 0;
  try {
    await delay(WARM_UP_MS);
    for (let done = 1; done <= options.switches; done++) {
      const windows = sides.map((side) => side.load.meter.openWindow());
      const report = await switcher.switch({ from: urlOf(nodes[0]), to: urlOf(nodes[1]) });
      if (report.unwritableMs !== undefined) unwritable.push(report.unwritableMs);
      if (report.resync === 'full') fullResyncs++;
      nodes.reverse();
      gaps.push(...(await closeAll(windows)));
      options.onProgress?.(done);
      await delay(options.restMs);
    }
    return await account(options, sides, nodes[0], { gaps, unwritable, fullResyncs });
  } finally {
    for (const side of sides) {
      await side.load.close();
      side.client.disconnect();
    }
    await switcher.close();
    await pair.stop();
  }
}

function startSide(node: LabServer, library: ClientLibrary, options: SoakOptions, index: number): Side {
  const client = openClient({ library, host: node.host, port: node.port, segue: true });
  const rests = workloadNames.map((name) => [name, name === 'single' ? 0 : options.paceMs]);
  const load = { keyPrefix: library, seed: options.seed + index, paceMs: Object.fromEntries(rests) };
  return { library, client, load: new LoadRun(client, load) };
}

function closeAll(windows: readonly GapWindow[]): Promise<number[]> {
  return Promise.all(windows.map((window) => window.close(PATIENCE_MS)));
}

interface Measured {
  readonly gaps: readonly number[];
  readonly unwritable: readonly number[];
  readonly fullResyncs: number;
}

async function account(
  options: SoakOptions,
  sides: readonly Side[],
  primary: LabServer,
  measured: Measured,
): Promise<SoakReport> {
  await Promise.all(sides.map((side) => side.load.stop(PATIENCE_MS)));
  const reader = openClient({ library: 'ioredis6', host: primary.host, port: primary.port, segue: false });
  const verdicts: Verdict[] = [];
  for (const side of sides) {
    const verdict = await side.load.verify(reader);
    verdicts.push({ ...verdict, notes: verdict.notes.map((note) => `${side.library}: ${note}`) });
  }
  reader.disconnect();
  const verdict = mergeVerdicts(verdicts);
  const meters = sides.map((side) => side.load.meter.report());
  const errors = sum(meters.map((meter) => meter.errors));
  return {
    version: options.version,
    switches: options.switches,
    seed: options.seed,
    writes: sum(meters.map((meter) => meter.writes)),
    errors,
    errorsByKind: mergeKinds(meters),
    findings: Object.fromEntries(findings.map((finding) => [finding, verdict[finding]])) as Record<Finding, number>,
    notes: verdict.notes,
    gapMs: spread(measured.gaps),
    unwritableMs: spread(measured.unwritable),
    fullResyncs: measured.fullResyncs,
    clean: errors === 0 && isClean(verdict) && measured.fullResyncs === 0,
  };
}

function mergeKinds(meters: readonly MeterReport[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { errorsByKind } of meters) {
    for (const [kind, count] of Object.entries(errorsByKind)) kinds[kind] = (kinds[kind] ?? 0) + count;
  }
  return kinds;
}

function spread(values: readonly number[]): GapReport {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99), max: at(1) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function urlOf({ host, port }: LabServer): string {
  return `valkey://${host}:${port}`;
}
