export interface ReplyLimits {
  /** Longest bulk string, in bytes; the sum of its parts for a streamed one. Servers: 512 MiB. */
  bulkBytesMax: number;
  /** Longest line (simple strings, errors, numbers), in bytes without CRLF. */
  lineBytesMax: number;
  /** How deep streamed aggregates may be nested. Fixed ones need no memory and are not counted. */
  depthMax: number;
  /** How many values may be outstanding by declaration at one time. */
  elementsMax: number;
}

export const defaultReplyLimits: Readonly<ReplyLimits> = {
  bulkBytesMax: 512 * 1024 * 1024,
  lineBytesMax: 64 * 1024,
  depthMax: 32,
  elementsMax: 2 ** 30,
};
