import {
  type ClientLibrary,
  type Finding,
  findings,
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
  /** All libraries share each switch (and one event loop); otherwise each has its own `switches` in turn, on the same pair. */
  readonly together: boolean;
  /** Decides sizes and contents of the load. */
  readonly seed: number;
  /** Rest of each workload between two steps; single commands go on without, they are the clock for the gaps. */
  readonly paceMs: number;
  /** Between two switches. */
  readonly restMs: number;
  readonly onProgress?: (done: number) => void;
}

/** In milliseconds. */
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
  /** The longest time between two successful writes of a client that began or ended while the primary moved. */
  readonly gapMs: GapReport;
  /** From the order to pause writes until the new primary took them. */
  readonly unwritableMs: GapReport;
  readonly fullResyncs: number;
  /** Sessions that did not hold in time when they were told to, and processes that did not answer, over all switches. */
  readonly late: number;
  readonly missing: number;
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
  const course: Course = {
    options,
    switcher,
    nodes: [pair.primary, pair.replica],
    sides: [],
    gaps: [],
    unwritable: [],
    fullResyncs: 0,
    late: 0,
    missing: 0,
    switches: 0,
  };
  const { libraries } = options;
  try {
    for (const turn of options.together ? [libraries] : libraries.map((library) => [library])) {
      const sides = turn.map((library) => startSide(course, library));
      await switchOften(course, sides);
      await Promise.all(sides.map((side) => side.load.stop(PATIENCE_MS)));
    }
    return await account(course);
  } finally {
    for (const side of course.sides) {
      await side.load.close();
      side.client.disconnect();
    }
    await switcher.close();
    await pair.stop();
  }
}

/** What the turns have in common. */
interface Course {
  readonly options: SoakOptions;
  readonly switcher: Switcher;
  /** The primary first. */
  readonly nodes: [LabServer, LabServer];
  readonly sides: Side[];
  readonly gaps: number[];
  readonly unwritable: number[];
  fullResyncs: number;
  late: number;
  missing: number;
  switches: number;
}

async function switchOften(course: Course, sides: readonly Side[]): Promise<void> {
  const { options, nodes } = course;
  await delay(WARM_UP_MS);
  for (let done = 1; done <= options.switches; done++) {
    const windows = sides.map((side) => side.load.meter.openWindow());
    const { report, span } = await course.switcher.switch({ from: urlOf(nodes[0]), to: urlOf(nodes[1]) });
    if (report.unwritableMs !== undefined) course.unwritable.push(report.unwritableMs);
    if (report.resync === 'full') course.fullResyncs++;
    nodes.reverse();
    // The meters are read in this thread.
    const within = { fromMs: span.fromMs - performance.timeOrigin, toMs: span.toMs - performance.timeOrigin };
    course.gaps.push(...(await Promise.all(windows.map((window) => window.close(PATIENCE_MS, within)))));
    course.late += report.sessions.hold?.late ?? 0;
    course.missing += report.sessions.hold?.missing ?? 0;
    options.onProgress?.(++course.switches);
    await delay(options.restMs);
  }
}

function startSide({ nodes: [{ host, port }], options, sides }: Course, library: ClientLibrary): Side {
  const client = openClient({ library, host, port, segue: true });
  const rests = workloadNames.map((name) => [name, name === 'single' ? 0 : options.paceMs]);
  const seed = options.seed + sides.length;
  const load = new LoadRun(client, { keyPrefix: library, seed, paceMs: Object.fromEntries(rests) });
  const side = { library, client, load };
  sides.push(side);
  return side;
}

async function account(course: Course): Promise<SoakReport> {
  const { options, sides, fullResyncs } = course;
  const { host, port } = course.nodes[0];
  const reader = openClient({ library: 'ioredis6', host, port, segue: false });
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
    switches: course.switches,
    seed: options.seed,
    writes: sum(meters.map((meter) => meter.writes)),
    errors,
    errorsByKind: mergeKinds(meters),
    findings: Object.fromEntries(findings.map((finding) => [finding, verdict[finding]])) as Record<Finding, number>,
    notes: verdict.notes,
    gapMs: spread(course.gaps),
    unwritableMs: spread(course.unwritable),
    fullResyncs,
    late: course.late,
    missing: course.missing,
    clean: errors === 0 && isClean(verdict) && fullResyncs === 0,
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
