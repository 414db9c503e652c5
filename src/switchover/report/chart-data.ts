import { type SwitchStory, stopOfWrites } from './story.js';
import { count } from './words.js';

/** What the charts draw. Times in ms, 0 is when writes began to wait. */
export interface ChartData {
  readonly whole: readonly [from: number, to: number];
  /** What is shown at first, and what one can look at closely. */
  readonly views: readonly { readonly name: string; readonly range: readonly [from: number, to: number] }[];
  readonly steps: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** While no node took writes. */
  readonly stall: readonly [from: number, to: number] | null;
  /** While commands waited in the sessions of clients on Segue, and how many. */
  readonly held: { readonly name: string; readonly from: number; readonly to: number } | null;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: 'from' | 'to' | 'other';
    readonly at: readonly number[];
    readonly rate: readonly (number | null)[];
    readonly waiting: readonly number[];
  }[];
  readonly canary: { readonly at: readonly number[]; readonly worst: readonly number[] } | null;
}

/** Around the switch every millisecond counts; further away one in ten will do. */
const closeMs = 1_500;
const coarseMs = 10;

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
    canary,
  };
}

/** From the notice to hold until the promotion, with which the one to go on is published. */
function heldPart({ switch: report }: SwitchStory, spans: ChartData['steps']): ChartData['held'] {
  const notice = report?.sessions.hold;
  const begun = spans.find(({ name }) => name === 'hold');
  if (notice === undefined || notice.sessions === 0 || begun === undefined) return null;
  const ended = spans.find(({ name }) => name === 'promote' || name === 'failover') ?? spans.at(-1)!;
  const commands = `${count(notice.held)} ${notice.held === 1 ? 'command' : 'commands'}`;
  return { name: `${commands} held by ${count(notice.sessions)} sessions`, from: begun.from, to: ended.to };
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
