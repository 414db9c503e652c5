import type { Family } from './identity.js';

/** An array or push that pub/sub sends: a message, or the confirmation of a (un)subscription. */
export type PubSubFrame =
  | { is: 'message' }
  | { is: 'subscribed' | 'unsubscribed'; family: Family; name: string | undefined }
  | undefined;

const KINDS: Record<string, 'message' | { is: 'subscribed' | 'unsubscribed'; family: Family }> = {
  message: 'message',
  pmessage: 'message',
  smessage: 'message',
  subscribe: { is: 'subscribed', family: 'channel' },
  psubscribe: { is: 'subscribed', family: 'pattern' },
  ssubscribe: { is: 'subscribed', family: 'shard' },
  unsubscribe: { is: 'unsubscribed', family: 'channel' },
  punsubscribe: { is: 'unsubscribed', family: 'pattern' },
  sunsubscribe: { is: 'unsubscribed', family: 'shard' },
};

const CR = 0x0d;
const DOLLAR = 0x24;

/** Reads the first two elements of a whole `*` or `>` frame. `undefined`: it is not of pub/sub. */
export function pubSubFrame(frame: Buffer): PubSubFrame {
  const first = bulkAt(frame, frame.indexOf(CR) + 2);
  if (first === undefined || first.text === undefined || first.text.length > 12) return undefined;
  const kind = Object.hasOwn(KINDS, first.text) ? KINDS[first.text] : undefined;
  if (kind === undefined) return undefined;
  if (kind === 'message') return { is: 'message' };
  return { is: kind.is, family: kind.family, name: bulkAt(frame, first.end)?.text };
}

/** The bulk string at `at`, as latin1; `text` is undefined for nil. */
function bulkAt(frame: Buffer, at: number): { text: string | undefined; end: number } | undefined {
  if (frame[at] !== DOLLAR) return undefined;
  const lineEnd = frame.indexOf(CR, at);
  const length = Number(frame.toString('latin1', at + 1, lineEnd));
  if (length < 0) return { text: undefined, end: lineEnd + 2 };
  const end = lineEnd + 2 + length;
  return { text: frame.toString('latin1', lineEnd + 2, end), end: end + 2 };
}
