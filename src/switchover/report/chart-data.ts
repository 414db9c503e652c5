import type { WaitedReport } from '../switch-report.js';
import { type SwitchStory, stopOfWrites } from './story.js';
import { amount } from './words.js';

/** What the charts draw. Times in ms, 0 is when writes began to wait. */
export interface ChartData {
  readonly whole: readonly [from: number, to: number];
  /** What is shown at first, and what one can look at closely. */
  readonly views: readonly { readonly name: string; readonly range: readonly [from: number, to: number] }[];
  readonly steps: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** While no node took writes. */
  readonly stall: readonly [from: number, to: number] | null;
  /** While the sessions of clients on Segue held their commands, and how many. */
  readonly held: { readonly name: string; readonly from: number; readonly to: number } | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: 'from' | 'to' | 'other';
    readonly at: readonly number[];
    readonly rate: readonly (number | null)[];
    readonly waiting: readonly number[];
  }[];
  /** Commands that waited in these sessions; each count is that of the time before it. Null when no process has said. */
  readonly waited: { readonly at: readonly number[]; readonly commands: readonly number[] } | null;
  readonly canary: { readonly at: readonly number[]; readonly worst: readonly number[] } | null;
}

/** Around the switch every millisecond counts; further away one in ten will do. */
const closeMs = 1_500;
const coarseMs = 10;
/** What comes just before, or after. */
const instantMs = 0.001;

/** Undefined when there is nothing to draw: neither a canary nor a gauge was there, or no step was taken. */
export function chartData(story: SwitchStory): ChartData | undefined {
  const steps = story.switch?.steps ?? [];
  const began = stopOfWrites(steps) ?? steps.at(-1);
  if (began === undefined || (story.canary === undefined && story.tracks.length === 0)) return undefined;
  const zero = began.startedMs;
  const spans = steps.map(({ name, startedMs, durationMs }) => ({
    name,
    from: rounded(startedMs - zero),
    to: rounded(startedMs + durationMs - zero),
  }));
  const nodes = story.tracks.map(({ node, atMs, commandsPerSecond, waitingClients }) => ({
    name: node,
    role: node === story.from ? ('from' as const) : node === story.to ? ('to' as const) : ('other' as const),
    at: atMs.map((ms) => rounded(ms + story.tracksStartedMs - zero)),
    rate: commandsPerSecond.map((rate) => (rate === null ? null : Math.round(rate))),
    waiting: waitingClients,
  }));
  const canary = canaryPoints(story, zero);
  const times = [...(canary?.at ?? []), ...nodes.flatMap(({ at }) => at)];
  const whole = [times.reduce((a, b) => Math.min(a, b), 0), times.reduce((a, b) => Math.max(a, b), 1)] as const;
  const stallMs = story.switch?.unwritableMs;
  const end = stallMs ?? spans.at(-1)!.to;
  const held = heldPart(story, spans);
  return {
    whole,
    views: viewsOf(whole, end, held),
    steps: spans,
    stall: stallMs === undefined ? null : [0, rounded(stallMs)],
    held,
    nodes,
    waited: waitedLine(story, spans, whole),
    canary,
  };
}

/**
 * From the notice to hold for as long as processes say that they held; where none says it, until the promotion, with which
 * the notice to go on is published.
 */
function heldPart(story: SwitchStory, spans: ChartData['steps']): ChartData['held'] {
  const notice = story.switch?.sessions.hold;
  const begun = spans.find(({ name }) => name === 'hold');
  if (notice === undefined || notice.sessions === 0 || begun === undefined) return null;
  const waited = saidOf(story);
  const ended = spans.find(({ name }) => name === 'promote' || name === 'failover') ?? spans.at(-1)!;
  const most = waited?.commandsMax ?? notice.held;
  return {
    name: `${amount(most, 'command')} held by ${amount(notice.sessions, 'session')}`,
    from: begun.from,
    to: waited === undefined ? ended.to : rounded(begun.from + waited.heldMs),
  };
}

/** Nothing waits before the notice, and nothing when all have gone on. */
function waitedLine(
  story: SwitchStory,
  spans: ChartData['steps'],
  [first, last]: ChartData['whole'],
): ChartData['waited'] {
  const waited = saidOf(story);
  const begun = spans.find(({ name }) => name === 'hold');
  if (waited === undefined || begun === undefined) return null;
  const counted = waited.waiting.map(([atMs, commands]) => [rounded(begun.from + atMs), commands] as const);
  const [from, to] = [begun.from - instantMs, begun.from + waited.heldMs + instantMs].map(rounded) as [number, number];
  const nothing = (at: number): readonly [number, number] => [at, 0];
  const points = [
    ...[first, from].filter((at) => at <= from).map(nothing),
    ...counted,
    ...[to, last].filter((at) => at >= to).map(nothing),
  ];
  return { at: points.map(([at]) => at), commands: points.map(([, commands]) => commands) };
}

/** What processes have said of the hold; undefined when none has. */
function saidOf({ switch: report }: SwitchStory): WaitedReport | undefined {
  const waited = report?.sessions.waited;
  return waited !== undefined && waited.answered > 0 ? waited : undefined;
}

function viewsOf(whole: readonly [number, number], end: number, held: ChartData['held']): ChartData['views'] {
  const within = (from: number, to: number): [number, number] => [Math.max(whole[0], from), Math.min(whole[1], to)];
  return [
    { name: 'around the switch', range: within(-1_000, end + 1_000) },
    { name: 'the moment itself', range: within(Math.min(-15, (held?.from ?? 0) - 5), end + 25) },
    { name: 'everything', range: whole },
  ];
}

function canaryPoints({ canary, canaryStartedMs }: SwitchStory, zero: number): ChartData['canary'] {
  if (canary === undefined) return null;
  const [at, worst]: [number[], number[]] = [[], []];
  const { atMs, worstMs } = canary.buckets;
  let bucketEnd = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < atMs.length; index++) {
    const time = rounded(atMs[index]! + canaryStartedMs - zero);
    const isClose = Math.abs(time) < closeMs;
    if (!isClose && time < bucketEnd) {
      worst[worst.length - 1] = Math.max(worst.at(-1)!, rounded(worstMs[index]!));
      continue;
    }
    bucketEnd = time + coarseMs;
    at.push(time);
    worst.push(rounded(worstMs[index]!));
  }
  return { at, worst };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
