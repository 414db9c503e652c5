import type { Family } from './subscriptions.js';

/** An array or push that pub/sub sends: a message, a marker, or the confirmation of a (un)subscription. */
export type PubSubFrame =
  | { is: 'message' }
  /** Not for clients, whatever pattern of theirs it matches. */
  | Marker
  | { is: 'subscribed' | 'unsubscribed'; family: Family; name: string | undefined }
  | undefined;

export interface Marker {
  readonly is: 'marker';
  readonly channel: string;
  readonly text: string;
}

/** Channels that begin so carry markers. */
export const MARKER_PREFIX = 'segue:mark:';
const PREFIX_BYTES = Buffer.from(MARKER_PREFIX);

const KINDS: Record<
  string,
  'message' | 'pmessage' | 'smessage' | { is: 'subscribed' | 'unsubscribed'; family: Family }
> = {
  message: 'message',
  pmessage: 'pmessage',
  smessage: 'smessage',
  subscribe: { is: 'subscribed', family: 'channel' },
  psubscribe: { is: 'subscribed', family: 'pattern' },
  ssubscribe: { is: 'subscribed', family: 'shard' },
  unsubscribe: { is: 'unsubscribed', family: 'channel' },
  punsubscribe: { is: 'unsubscribed', family: 'pattern' },
  sunsubscribe: { is: 'unsubscribed', family: 'shard' },
};

const CR = 0x0d;
const DOLLAR = 0x24;
const MESSAGE: PubSubFrame = { is: 'message' };

/** Reads the first elements of a whole `*` or `>` frame. `undefined`: it is not of pub/sub. */
export function pubSubFrame(frame: Buffer): PubSubFrame {
  const first = bulkAt(frame, frame.indexOf(CR) + 2);
  if (first === undefined || first.end < 0 || first.end - first.start > 14) return undefined;
  const text = textOf(frame, first);
  const kind = Object.hasOwn(KINDS, text) ? KINDS[text] : undefined;
  if (kind === undefined) return undefined;
  if (kind === 'smessage') return MESSAGE;
  if (typeof kind === 'string') return markerAt(frame, channelAt(frame)) ?? MESSAGE;
  const name = bulkAt(frame, first.end);
  return {
    is: kind.is,
    family: kind.family,
    name: name === undefined || name.end < 0 ? undefined : textOf(frame, name),
  };
}

/** Whether two messages are one that was published once, subscribed to in two ways. */
export function sameMessage(a: Buffer, b: Buffer): boolean {
  return a.subarray(channelAt(a)).equals(b.subarray(channelAt(b)));
}

/** Where the channel stands in a message. */
function channelAt(frame: Buffer): number {
  const kind = bulkAt(frame, frame.indexOf(CR) + 2)!;
  const isByPattern = frame[kind.start] === 0x70; // `pmessage`
  return isByPattern ? bulkAt(frame, kind.end)!.end : kind.end;
}

function markerAt(frame: Buffer, at: number): Marker | undefined {
  const channel = bulkAt(frame, at);
  if (channel === undefined || channel.end - channel.start < PREFIX_BYTES.length) return undefined;
  if (frame.compare(PREFIX_BYTES, 0, PREFIX_BYTES.length, channel.start, channel.start + PREFIX_BYTES.length) !== 0)
    return undefined;
  const text = bulkAt(frame, channel.end);
  return { is: 'marker', channel: textOf(frame, channel), text: text === undefined ? '' : textOf(frame, text) };
}

/** A bulk string: its body begins at `start`; `end` is just past its line end, -1 for nil. */
interface Bulk {
  readonly start: number;
  readonly end: number;
}

function bulkAt(frame: Buffer, at: number): Bulk | undefined {
  if (frame[at] !== DOLLAR) return undefined;
  const lineEnd = frame.indexOf(CR, at);
  const length = Number(frame.toString('latin1', at + 1, lineEnd));
  return { start: lineEnd + 2, end: length < 0 ? -1 : lineEnd + 2 + length + 2 };
}

/** As latin1. */
function textOf(frame: Buffer, { start, end }: Bulk): string {
  return frame.toString('latin1', start, end - 2);
}
